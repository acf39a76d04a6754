"""Payloads written by hand after the facts in the forges' documentation, and how each forge signs them."""
