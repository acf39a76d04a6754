"""Variants: where a partner runs a feature of its own making, what differs, and how it comes back to the common base.

One per partner and proposal. The return (*Rückführung in die gemeinsame Basis*) has work packages of its own, so what
it would cost is their sum, beside the sum of all other packages of the proposal: neither number is typed twice.
"""
