"""Feeds of lists and of single proposals, beside those of the whole activity and of a partner (`board.activity`)."""
