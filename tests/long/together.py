"""Real processes that do something in the same moment, and report.

They are forked from one that has imported the board already: importing it in each would cost more than most races.
"""

import multiprocessing
from collections.abc import Callable, Sequence
from typing import Any

PATIENCE = 60
"""Seconds that one waits for the others in `together`."""


def at_once(attempt: Callable[..., None], jobs: Sequence[tuple[Any, ...]], seconds: float) -> list[Any]:
    """What `attempt(*job, together, results)` puts into `results`, one process for each job.

    `together` is a barrier at which all meet as often as they like; whoever is not done after so many seconds fails it.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["board", "psycopg", attempt.__module__])
    together, results = context.Barrier(len(jobs)), context.Queue()
    workers = [context.Process(target=attempt, args=(*job, together, results)) for job in jobs]
    for worker in workers:
        worker.start()
    told = [results.get(timeout=PATIENCE + seconds) for _worker in workers]
    for worker in workers:
        worker.join(timeout=30)
    return told
