"""Trials by fire: what happens to servers, and that the board survives it.

Each trial is one function with two sizes (`tests/long/trials.py`): the short one runs with all other tests, the long
one by `make long`. Trials of one feature (its state machine, its forms) stand with that feature's tests and carry the
same mark. What was reached, when and where: docs/reliability.md.
"""
