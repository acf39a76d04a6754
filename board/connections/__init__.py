"""Connections to Git forges as operators see them: set up, watched, repaired. The verbs are in `board.issues`."""
