"""Reuse: who uses which feature how far, as one matrix that the partners keep themselves.

The records are `voting.models.Reuse`, one per partner and proposal, changed by `voting.reuses`; here is what reads all
of them at once (`matrix`, `spread`) and what asks for confirmation when one has grown old (`asking`).
"""
