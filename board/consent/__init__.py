"""Consent: a small proposal is accepted after some days unless a voting partner objects with a reason.

An objection makes it an ordinary vote. Silence is recorded as "no objection", never as a ballot.
"""
