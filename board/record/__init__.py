"""The record: the activity log cannot be changed, is sealed into a hash chain after commit, and is checked."""
