"""What the codes of outgoing webhooks mean, in words: message ids, translated where they are shown."""

from board.outgoing.models import Standing, Why

N_ = str  # Marks a message id.

KINDS = {
    "proposals": N_("Proposals: made, revised, built, piloted, available"),
    "decisions": N_("Decisions and consents"),
    "ballots": N_("Ballots and offers (counts; never who voted how)"),
    "estimates": N_("Estimates and milestones"),
    "packages": N_("Work packages"),
    "comments": N_("Comments (that there is one, not its text)"),
    "reuse": N_("Reuse and variants"),
    "learnings": N_("Learnings"),
    "issues": N_("Issues on proposals and packages"),
    "partners": N_("Partners"),
    "workshops": N_("Workshops (on the board only partners see them)"),
}

STATUSES = {
    Standing.WAITING: N_("waiting"),
    Standing.DELIVERED: N_("delivered"),
    Standing.FAILED: N_("failed"),
}

DISABLED = {
    Why.PERSON: N_("Somebody has disabled it: it is told nothing until it is enabled."),
    Why.GONE: N_("The receiver answered that it is gone (410), so the board has disabled it."),
    Why.SILENT: N_("The receiver took nothing for five days, so the board has disabled it."),
}

REASONS = {
    "timeout": N_("No answer within ten seconds."),
    "unknown_host": N_("The host name is unknown."),
    "tls": N_("The certificate does not fit, or there is no encryption."),
    "odd": N_("What answers there speaks no HTTP."),
    "away": N_("The host cannot be reached."),
    "address": N_("The address must begin with https:// and hold neither a password nor “#”."),
    "not_listed": N_("The operator does not allow calls to this host (BOARD_WEBHOOKS)."),
    "no_https": N_("The operator allows this host by https only."),
    "port": N_("The operator does not allow this port (BOARD_WEBHOOKS)."),
    "private": N_("The host name leads into a private network, which the operator does not allow."),
    "gone": N_("The receiver is gone for good (410)."),
    "redirected": N_("The receiver sends on to another address (%(code)s); that is not followed."),
    "busy": N_("The receiver has too much to do (%(code)s)."),
    "refused": N_("The receiver refused it (%(code)s)."),
    "disabled": N_("The webhook was disabled."),
    "deleted": N_("The webhook was deleted."),
    "no_secret": N_("The key of the board does not fit its database, so nothing can be signed."),
}


def phrases() -> list[str]:
    """Every message id of this module: all of them are translated (a test checks it)."""
    return [*KINDS.values(), *STATUSES.values(), *DISABLED.values(), *REASONS.values()]
