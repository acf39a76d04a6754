"""Proposals: features that partners ask for, from the first wish to what everyone can use."""
