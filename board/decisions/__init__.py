"""The decision sheet of a proposal: one page to take into the committee, and what is kept of it with the decision.

The sheet is read anew each time. With the decision it is kept as the dated record: who stood where, who was absent,
what was offered and estimated. The database refuses to change it.
"""
