"""The letters of what people watch: what has changed on one thing, and which answer-by dates have passed."""

from datetime import timedelta

from sqlalchemy import select

from board import text
from board.activity import queries as activity
from board.activity.queries import Event
from board.db import db
from board.i18n import current_locale, long_date, ngettext, spoken
from board.i18n import gettext as _
from board.mail.letter import Item, Letter, Section, link
from board.mail.models import Mail
from board.notifications import links, news
from board.notifications.models import Sort
from board.partners.models import Electorate
from board.policy import Actor
from board.proposals.models import Decision, Proposal
from board.proposals.states import State

REASON = 400
LATE = timedelta(days=14)
"""A mail waits for a week at most, and tells of dates that passed in the week before."""


def news_letter(mail: Mail) -> Letter | None:
    """What has changed on one proposal or package; nothing for who wants to hear no more of it."""
    person_id = mail.person_id or 0
    heard = news.still_heard(person_id, mail.details["events"])
    told = activity.some([event.id for event in heard], Actor(person_id=person_id))
    if not told or told[0].subject is None:
        return None
    thing = told[0].subject
    title = f"{thing.key} {thing.title}"
    return Letter(
        subject=_sentence(told[0]) if len(told) == 1 else _("News of %(thing)s", thing=title),
        paragraphs=[title, *(_sentence(event) for event in told), *_reason(heard)],
        action=Item(_("Look at it"), link(thing.url)),
        why=_("You receive this mail because you watch this, its topic or its partner, or because you wrote it."),
        unsubscribe=link(links.path(person_id, Sort.DECISIONS)),
    )


def _sentence(event: Event) -> str:
    """What happened, as the activity page tells it; it is never a ballot or an offer."""
    who = event.partner.name if event.partner else ""
    who = who or (_("The repository") if event.source == "provider" else _("The product owner"))
    what = event.subject.title if event.subject else ""
    return _(event.message, partner=who, subject=what, about=event.about.name if event.about else "")


def _reason(heard: list[news.Event]) -> list[str]:
    """Body, date and reason of the decision that is told, unless it was taken back since."""
    if heard[-1].verb not in news.DECIDED:
        return []
    number = int(heard[-1].key.removeprefix("FV-"))
    latest = select(Decision).where(Decision.proposal_id == number, Decision.taken_back_at.is_(None))
    decision = db.session.scalar(latest.order_by(Decision.id.desc()).limit(1))
    if decision is None:
        return []
    when = long_date(decision.decided_on, current_locale())
    return [f"{decision.body}, {when}: {text.excerpt(decision.reason, REASON)}"]


def over(mail: Mail) -> Letter | None:
    """The watched proposals whose answer-by date has passed, with the tally; those still open and heard of."""
    person_id = mail.person_id or 0
    heard = {number for person, number, _day in news.over(LATE) if person == person_id}
    wanted = set(mail.details["proposals"]) & heard
    rows = db.session.scalars(
        select(Proposal).where(Proposal.id.in_(wanted), Proposal.state == State.OPEN).order_by(Proposal.id)
    ).all()
    if not rows:
        return None
    electorate = db.session.scalar(select(Electorate.size)) or 0
    return Letter(
        subject=ngettext("The answer-by date of %(n)s proposal has passed",
                         "The answer-by dates of %(n)s proposals have passed", len(rows)),
        sections=[Section(_("Ballots can still be cast; the committees decide now"),
                          [_row(proposal, electorate) for proposal in rows])],
        why=_("You receive this mail because you watch these proposals or wrote them."),
        unsubscribe=link(links.path(person_id, Sort.DECISIONS)),
    )  # fmt: skip


def _row(proposal: Proposal, electorate: int) -> Item:
    title = spoken(proposal.title, proposal.title_en)
    cast = proposal.n_for + proposal.n_against + proposal.n_abstain
    note = _(
        "%(yes)s for, %(no)s against, %(abstain)s abstained, %(none)s without a ballot",
        yes=proposal.n_for, no=proposal.n_against, abstain=proposal.n_abstain, none=max(0, electorate - cast),
    )  # fmt: skip
    return Item(f"FV-{proposal.id} {title}", link(f"/proposals/FV-{proposal.id}"), note)
