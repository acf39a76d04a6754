"""Accounts: people, their memberships in partners, their server-side sessions, and signing in."""
