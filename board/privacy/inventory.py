"""Where people are in the database: every column that points at a person, what erasure does to it, what a copy holds.

A test compares this table with the models: a new column that points at a person cannot be forgotten here.
"""

from dataclasses import dataclass, field

from board.db import Base

DELETE, KEEP = "delete", "keep"
"""On erasure the row goes, or it stays as part of the record and shows “erased person”."""

SECRET = frozenset({"password_hash", "token_hash", "claim", "message_id", "once", "search", "html", "undo", "xid"})
"""Columns that never leave the database: hashes, tokens, and what is only derived from something else."""


@dataclass(frozen=True)
class Held:
    """One column that points at a person. `file` names its part of the copy; empty: it stands in another part."""

    table: str
    column: str
    erase: str
    file: str = ""
    without: frozenset[str] = field(default=SECRET)

    @property
    def shown(self) -> list[str]:
        """The columns that a person gets a copy of."""
        columns = Base.metadata.tables[self.table].columns
        return [c.name for c in columns if c.name not in self.without and not c.name.endswith(("_hash", "_box"))]


HELD = (
    Held("membership", "person_id", KEEP, "memberships"),
    Held("login_session", "person_id", DELETE, "sessions", SECRET | {"flashes"}),
    Held("device", "person_id", DELETE, "devices"),
    Held("authenticator", "person_id", DELETE, "second_factor", SECRET | {"last_step"}),
    Held("recovery_code", "person_id", DELETE, "recovery_codes"),
    Held("identity", "person_id", DELETE, "identities"),
    # A day's copies of answers to programs go before the tokens they belong to; in a copy only that they are there.
    Held("kept_answer", "person_id", DELETE, "kept_answers", SECRET | {"token_id", "key", "asked", "headers", "body"}),
    Held("access_token", "person_id", DELETE, "access_tokens"),
    Held("suggestion", "person_id", DELETE, "suggestions"),
    Held("mail", "person_id", DELETE, "mail"),
    Held("invitation", "person_id", DELETE, "invitation", SECRET | {"nonce"}),
    Held("invitation", "by_id", KEEP, "invitations_sent", SECRET | {"nonce", "email"}),
    Held("proof", "person_id", DELETE, "address_changes", SECRET | {"nonce"}),
    Held("mail_choice", "person_id", DELETE, "mail_choices"),
    Held("watch", "person_id", DELETE, "watched"),
    Held("told", "person_id", DELETE, "told"),
    Held("activity", "person_id", KEEP, "activity"),
    Held("proposal", "author_id", KEEP, "proposals", SECRET | {"coalition", "contest"}),
    Held("ballot", "person_id", KEEP, "ballots"),
    Held("offer", "person_id", KEEP, "offers"),
    Held("condition", "person_id", KEEP, "conditions"),
    Held("reuse", "person_id", KEEP, "reuse"),
    Held("variant", "person_id", KEEP, "variants"),
    Held("estimate", "person_id", KEEP, "estimates"),
    Held("duplicate", "person_id", KEEP, "duplicates_noticed"),
    Held("merger", "person_id", KEEP, "mergers", SECRET | {"moved"}),
    Held("briefing", "person_id", KEEP, "decision_sheets"),
    Held("objection", "person_id", KEEP, "objections"),
    Held("learning", "person_id", KEEP, "learnings"),
    Held("draft", "person_id", KEEP, "drafts_entered"),
    Held("decision", "recorded_by_id", KEEP, "decisions"),
    Held("saved_view", "person_id", DELETE, "views"),
    Held("batch", "person_id", KEEP, "changed_together"),
    Held("package", "author_id", KEEP, "packages"),
    Held("claim", "person_id", KEEP, "claims"),
    Held("bid", "person_id", KEEP, "bids"),
    Held("comment", "person_id", KEEP, "comments"),
    Held("outgoing_endpoint", "person_id", KEEP, "outgoing_webhooks", SECRET | {"url"}),
)
