"""The letters: a digest, a reminder, a comment. They say what is true when they are sent, or nothing."""

from sqlalchemy import select

from board import text
from board.accounts.models import Person
from board.comments.models import Comment
from board.consent.queries import Running, running
from board.db import db
from board.estimates.queries import Expired
from board.i18n import current_locale, long_date, ngettext, number, spoken
from board.i18n import gettext as _
from board.mail.letter import Item, Letter, Section, link
from board.mail.models import Mail
from board.notifications import links, queries, watching
from board.notifications.models import Sort
from board.partners.models import Partner
from board.proposals.models import Proposal
from board.proposals.states import State
from board.voting.models import Ballot
from board.work.models import Package

N_ = str

DECISIONS = {
    "proposal.accept": N_("accepted"),
    "proposal.defer": N_("deferred"),
    "proposal.decline": N_("declined"),
    "consent.pass": N_("accepted without objection"),
}


def digest(mail: Mail) -> Letter | None:
    """What waits, partner by partner, then what was decided; nothing when all of it was done meanwhile."""
    person_id = mail.person_id or 0
    if watching.declined([person_id], Sort.WEEKLY):
        return None
    sections = [section for found in queries.waiting(person_id) for section in _sections(found)]
    decided = queries.decided_since(person_id)
    if decided:
        sections.append(
            Section(
                _("Decided in the last seven days"),
                [Item(f"FV-{d.id} {d.title}", link(f"/proposals/FV-{d.id}"), _(DECISIONS[d.verb])) for d in decided],
            )
        )
    if not sections:
        return None
    return Letter(
        subject=_("Your week on Stadtrunde"),
        sections=sections,
        why=_("You receive this mail once a week, if anything waits, because you cast a partner's ballot."),
        unsubscribe=link(links.path(person_id, Sort.WEEKLY)),
    )


def _sections(found: queries.Waiting) -> list[Section]:
    made = []
    if found.ballots:
        title = _missing(found)
        more = found.n_ballots > len(found.ballots)
        made.append(
            Section(
                title,
                [_ballot(due) for due in found.ballots],
                Item(_("Show all"), link("/proposals?state=open&mine=missing&sort=due")) if more else None,
            )
        )
    if found.consents:
        title = _("%(partner)s: accepted unless you object", partner=found.partner)
        made.append(Section(title, [_consent(one) for one in found.consents]))
    if found.leases:
        title = _("%(partner)s: does the claim still hold?", partner=found.partner)
        made.append(Section(title, [Item(f"AP-{n} {name}", link(f"/packages/AP-{n}")) for n, name in found.leases]))
    if found.estimates:
        title = _("%(partner)s: is the estimate still right?", partner=found.partner)
        made.append(Section(title, [_expired(one) for one in found.estimates]))
    if found.n_issues:
        said = ngettext("%(n)s issue waits in the inbox", "%(n)s issues wait in the inbox", found.n_issues)
        title = _("%(partner)s: issues that name it", partner=found.partner)
        made.append(Section(title, [Item(said, link(f"/issues?partner={found.slug}"))]))
    return made


def _missing(found: queries.Waiting) -> str:
    if found.n_ballots > queries.COUNTED:
        most = number(queries.COUNTED, current_locale())
        return _("%(partner)s: more than %(n)s ballots are missing", partner=found.partner, n=most)
    return ngettext(
        "%(partner)s: %(n)s ballot is missing", "%(partner)s: %(n)s ballots are missing", found.n_ballots,
        partner=found.partner,
    )  # fmt: skip


def _consent(one: Running) -> Item:
    note = _("objections until %(date)s", date=long_date(one.last, current_locale()))
    return Item(f"FV-{one.id} {one.title}", link(f"/proposals/FV-{one.id}#ballot-{one.id}"), note)


def _expired(one: Expired) -> Item:
    note = _("expired on %(date)s", date=long_date(one.valid_until, current_locale()))
    return Item(
        f"FV-{one.proposal_id} {one.title}", link(f"/proposals/FV-{one.proposal_id}#estimating-{one.proposal_id}"), note
    )


def _ballot(due: queries.Due) -> Item:
    until = long_date(due.vote_by, current_locale()) if due.vote_by else ""
    note = _("answer by %(date)s", date=until) if until else ""
    return Item(f"FV-{due.id} {due.title}", link(f"/proposals/FV-{due.id}#ballot-{due.id}"), note)


def reminder(mail: Mail) -> Letter | None:
    """What is due and still without a ballot of one of the person's partners, and the consents that still run."""
    if watching.declined([mail.person_id or 0], Sort.REMINDERS):
        return None
    seats = {partner.id for partner in queries.voting_seats(mail.person_id or 0) if partner.counts}
    due = _still_due(mail.details["proposals"], seats)
    consents = running(only=mail.details.get("consents", [])) if seats else []
    if not due and not consents:
        return None
    told = ngettext("%(n)s ballot is due soon", "%(n)s ballots are due soon", len(due))
    ends = ngettext("%(n)s time to object ends soon", "%(n)s times to object end soon", len(consents))
    sections = [Section(_("Waiting for your ballot"), [_ballot(one) for one in due])] if due else []
    sections += [Section(_("Accepted unless you object"), [_consent(one) for one in consents])] if consents else []
    return Letter(
        subject=told if due else ends,
        sections=sections,
        why=_("You receive this mail a week before an answer-by date, because you cast a partner's ballot."),
        unsubscribe=link(links.path(mail.person_id or 0, Sort.REMINDERS)),
    )


def _still_due(ids: list[int], seats: set[int]) -> list[queries.Due]:
    rows = db.session.scalars(
        select(Proposal)
        .where(Proposal.id.in_(ids), Proposal.state == State.OPEN, Proposal.consent_until.is_(None))
        .order_by(Proposal.vote_by, Proposal.id)
    )
    return [
        queries.Due(p.id, spoken(p.title, p.title_en), p.vote_by)
        for p in rows
        if seats - set(db.session.scalars(select(Ballot.partner_id).where(Ballot.proposal_id == p.id)))
    ]


def comment(mail: Mail) -> Letter | None:
    """A comment with its beginning and a link to it; nothing when it was deleted."""
    found = db.session.get(Comment, mail.details["comment"])
    declined = watching.declined([mail.person_id or 0], Sort(mail.details["sort"]))
    if found is None or found.deleted_at is not None or declined:
        return None
    key = f"AP-{found.package_id}" if found.package_id else f"FV-{found.proposal_id}"
    thing = Package if found.package_id else Proposal
    title = db.session.scalar(select(thing.title).where(thing.id == (found.package_id or found.proposal_id))) or ""
    name = db.session.scalar(select(Person.name).where(Person.id == found.person_id)) or ""
    partner = db.session.scalar(select(Partner.name).where(Partner.id == found.partner_id))
    who = f"{name} ({partner})" if partner else name
    named = mail.details["sort"] == Sort.MENTIONS
    said = _("%(who)s mentions you: %(key)s", who=who, key=key) if named else _(
        "%(who)s commented on %(key)s", who=who, key=key
    )  # fmt: skip
    path = f"/{'packages' if found.package_id else 'proposals'}/{key}#comment-{found.id}"
    return Letter(
        subject=said,
        paragraphs=[f"{key} {title}", text.excerpt(found.text, 400)],
        action=Item(_("Read and answer"), link(path)),
        why=_("You receive this mail because you or your partner were mentioned.")
        if named
        else _("You receive this mail because you commented there before or watch it."),
        unsubscribe=link(links.path(mail.person_id or 0, Sort(mail.details["sort"]))),
    )
