"""Figures: the partnership in pictures, each with its table and its file; every number is counted, none typed."""
