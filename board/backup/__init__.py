"""Backup and restore: a consistent copy of a running board in a folder of its own, proven when put back."""
