"""Saved views: a list of proposals under a name, private or shared, and the one that a partner begins with.

The normalised filter is the view: what is saved is the address, and nothing else.
"""
