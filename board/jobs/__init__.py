"""Jobs: what the board does by itself, inside the server or in a worker of its own.

`listed` names every job, `due` runs each in its time under a lock row, `worker` drives them through Huey's queue.
The queue only says *when* to look; what is to be done stands in the activity log or in due rows, read from a stored
cursor and done idempotently, so that nothing lives only in the queue. See ADR 13.
"""
