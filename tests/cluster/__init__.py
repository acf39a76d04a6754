"""Two nodes and two workers behind nginx on one PostgreSQL, as `make cluster` starts them: together, and under fire."""
