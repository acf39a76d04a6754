"""Estimates: what a proposal would cost in person-days, low and high, by whom, on which assumptions, valid until when.

Several coexist. Those that are valid make the range on the proposal's row; nothing is accepted without one unless a
product owner says why.
"""
