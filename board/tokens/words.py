"""What access tokens are for, in words."""

N_ = str  # Marks a message id; it is translated where it is shown.

SCOPES = {
    "read": N_("Read everything that you may read"),
    "propose": N_("Propose, edit proposals, estimate"),
    "vote": N_("Cast ballots and declare offers on behalf of your partner"),
    "work": N_("Create, claim and move work packages, work off the issue inbox"),
    "comment": N_("Write comments"),
    "reuse": N_("Record reuse, variants and learnings"),
    "steer": N_("Move proposals on, rate and plan them (product owners)"),
    "watch": N_("Watch proposals, packages, partners and topics"),
    "calendar": N_("Subscribe to dates in a calendar, and nothing else"),
}
"""Scope → message id, for every scope of the policy; a test compares the two."""
