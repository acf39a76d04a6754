"""The desk: what waits for you, or the partnership at a glance."""
