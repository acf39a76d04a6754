"""Access tokens on one's own account: make one for a program or a calendar, see when it was used, revoke it."""
