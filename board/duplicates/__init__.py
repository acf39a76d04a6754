"""Duplicates: marking two proposals as perhaps the same, and merging one into the other, with everything on it.

Of a partner's two ballots the later one counts; nothing is deleted, and taking the merger back restores both exactly.
"""
