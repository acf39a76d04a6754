"""Every job of the board, in one list. A feature adds its own line here; nothing registers itself.

A job reads due rows or the activity log from a stored cursor and can be repeated: the worker may die in the middle.
"""

from board.consent import jobs as consent
from board.credentials import verbs as credentials
from board.estimates.verbs import expire_due
from board.issues import backfills, retention
from board.jobs import upkeep
from board.jobs.due import Job
from board.jobs.queries import HEARTBEAT
from board.joining import verbs as joining
from board.mail import outbox
from board.mail.sending import send_due
from board.notifications import jobs as notifications
from board.outgoing import lanes
from board.outgoing import retention as outgoing_retention
from board.privacy import periods
from board.proposals import slips
from board.record.chain import seal_due
from board.record.checks import check_due
from board.reuse.asking import ask_due
from board.work.leases import sweep_due
from board.workshops.jobs import complete_due

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def _beat() -> None:
    """Do nothing: that it ran is what administrators see."""


JOBS = (
    Job(HEARTBEAT, MINUTE, _beat),
    Job("mail", MINUTE, send_due),
    Job("digests", 15 * MINUTE, notifications.digests),
    Job("reminders", HOUR, notifications.remind),
    Job("comments", MINUTE, notifications.comments),
    Job("news", 10 * MINUTE, notifications.tell_news),
    Job("over", HOUR, notifications.tell_over),
    Job("old-links", DAY, credentials.forget),
    Job("old-invitations", DAY, joining.forget),
    Job("old-mail", HOUR, outbox.forget),
    Job("seal", MINUTE, seal_due),
    Job("check", DAY, check_due),
    Job("statistics", DAY, upkeep.analyse),
    Job("sums", DAY, slips.fold),
    Job("consents", MINUTE, consent.run_out),
    Job("leases", 5 * MINUTE, sweep_due),
    Job("estimates", HOUR, expire_due),
    Job("deliveries", HOUR, retention.sweep),
    Job("workshops", MINUTE, complete_due),
    Job("reuse-ask", DAY, ask_due),
    Job("periods", HOUR, periods.clear),
    Job("reconcile", 6 * HOUR, backfills.reconcile),
    Job("backfills", MINUTE, backfills.run_asked),
    Job("outgoing", MINUTE, lanes.drive, follows=True),
    Job("outgoing-log", HOUR, outgoing_retention.sweep),
)
