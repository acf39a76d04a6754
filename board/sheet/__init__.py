"""The security sheet: the actual configuration against what the board promises, for whoever answers for security."""
