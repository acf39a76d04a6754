"""Live: topics from the activity log to every open browser, through one hub thread per process."""
