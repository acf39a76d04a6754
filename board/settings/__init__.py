"""Settings that an administrator changes while the board runs: what there is, what holds now, and how it is changed."""
