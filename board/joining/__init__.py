"""Joining: invitations, the people of a partner, deputies with dates, and leaving, so that the record stays true.

A seat that has ended stays in the table; ballots and claims are the partner's and stay where they are.
"""
