"""Who may see which events: the one place for that, for pages, feeds and live topics."""

ACCOUNT = frozenset({
    "session", "person", "device", "factor", "identity", "suggestion", "invitation", "membership",
    "watch", "view", "token",
})  # fmt: skip
ADMINISTRATION = frozenset({"setting", "topic", "mail"})
"""What administrators do to the board itself: shown to them alone (and to who did it)."""
HIDDEN_PARTNER = frozenset({"ballot", "condition", "consent"})
INSIDE = frozenset({"workshop", "draft"})
"""What readers learn of only when they are signed in."""
OPERATIONS = frozenset({"connection", "repository", "delivery", "rule", "endpoint"})
"""What operators do to Git connections and outgoing webhooks: told on their pages only."""


def hides_partner(verb: str) -> bool:
    """Whether readers who are not signed in must not learn which partner did it: who voted how stays inside."""
    return verb.split(".", 1)[0] in HIDDEN_PARTNER
