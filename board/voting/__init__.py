"""Voting: each voting partner's one ballot, the offers beside it, the tally over all, and who already uses it.

A ballot informs, a confirmed offer commits, nothing blocks.
"""
