"""What the triage inbox shows: each issue with its partner, similar proposals and small forms. Statements do not grow
with the number of issues.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, or_, select, true

from board import text
from board.db import db, now, run
from board.i18n import current_locale
from board.issues import forms, queries
from board.issues.models import Issue, Repository, Triage
from board.partners.models import Partner, hue
from board.policy import Actor, page_allowed
from board.proposals.models import Proposal
from board.proposals.queries import Sign, topics
from board.proposals.similar import closeness, shown
from board.proposals.states import State

POOL = 2000
NEAR = 40
BEST = 2
ALIKE = 0.3
MOST_COUNTED = 99
EXCERPT = 240
MOST_LABELS = 300
AFFECTING = 20


@dataclass(frozen=True)
class Alike:
    """A proposal whose title resembles an issue's."""

    key: str
    title: str
    topic_id: int


@dataclass(frozen=True)
class Row:
    """An issue in the inbox with what stands beside it; `inputs` are its forms by action."""

    issue: queries.IssueLine
    excerpt: str
    partner: Sign | None
    similar: tuple[Alike, ...]
    inputs: dict[str, Any]


def rows(lines: Sequence[queries.IssueLine], **given: Any) -> list[Row]:
    """Dress the issues: three statements for all. `given`: forms that were sent, by action (for a single row)."""
    if not lines:
        return []
    partners, choices = _partners({i.partner_id for i in lines if i.partner_id}), topics(current_locale())
    alike = similar([i.title for i in lines])
    return [
        Row(
            issue, text.excerpt(issue.body, EXCERPT), partners.get(issue.partner_id or 0), near,
            _inputs(issue, near, choices) | given,
        )
        for issue, near in zip(lines, alike, strict=True)
    ]  # fmt: skip


def row(issue_id: int, **given: Any) -> Row | None:
    """One of them, if it is visible."""
    found = queries.issue(issue_id)
    return rows([found], **given)[0] if found else None


def _inputs(issue: queries.IssueLine, near: tuple[Alike, ...], choices: list[tuple[int, str, str]]) -> dict[str, Any]:
    best, topic = (near[0].key, near[0].topic_id) if near else ("", "")
    under = next((key for key in issue.links if key.startswith("FV-")), best)
    return {
        "link": forms.LinkForm(data={"key": best}),
        "propose": forms.ProposeForm(topics=choices, data={"topic": str(issue.topic_id or topic)}),
        "package": forms.PackageForm(data={"under": under}),
        "snooze": forms.SnoozeForm(),
        "dismiss": forms.DismissForm(),
    }


def _partners(ids: set[int]) -> dict[int, Sign]:
    wanted = select(Partner.id, Partner.slug, Partner.name, Partner.sign, Partner.ags).where(Partner.id.in_(ids))
    found = db.session.execute(wanted) if ids else ()
    return {i: Sign(i, slug, name, sign, hue(ags or slug)) for i, slug, name, sign, ags in found}


def similar(titles: Sequence[str]) -> list[tuple[Alike, ...]]:
    """For each title the two proposals most like it, the closest first; one statement for all.

    Compared with the newest 2,000 proposals whose German or English title shares a word of at least four letters.
    """
    pool = db.session.execute(
        select(Proposal.id, Proposal.title, Proposal.title_en, Proposal.topic_id)
        .where(Proposal.state.not_in((State.WITHDRAWN, State.MERGED)))
        .order_by(Proposal.id.desc())
        .limit(POOL)
    ).all()
    by_word: dict[str, list[Any]] = {}
    for found in pool:
        for word in _words(f"{found.title} {found.title_en}"):
            by_word.setdefault(word, []).append(found)
    return [_best(title, by_word) for title in titles]


def _words(title: str) -> set[str]:
    return {word for word in text.fold(title).split() if len(word) >= 4}


def _best(title: str, by_word: dict[str, list[Any]]) -> tuple[Alike, ...]:
    near = {found.id: found for word in _words(title) for found in by_word.get(word, ())[:NEAR]}
    scored = sorted(((closeness(title, found), found.id) for found in near.values()), reverse=True)
    best = [near[i] for score, i in scored[:BEST] if score >= ALIKE]
    return tuple(Alike(f"FV-{found.id}", shown(found, current_locale()), found.topic_id) for found in best)


def total(chosen: queries.Filter) -> int:
    """How many issues the filter lets through, counted up to COUNTED + 1."""
    some = queries.filtered(chosen).limit(queries.COUNTED + 1).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


@dataclass(frozen=True)
class Choices:
    """What there is to filter by: repositories and partners as (id, name), labels by name."""

    repositories: tuple[tuple[int, str], ...]
    partners: tuple[tuple[int, str], ...]
    labels: tuple[str, ...]


def choices() -> Choices:
    """What visible issues have, each list by name; labels those of the newest 2,000 issues, at most 300."""
    shown = select(Issue.repository_id).where(Issue.visible)
    homes = select(Repository.id, Repository.name).where(Repository.id.in_(shown)).order_by(Repository.name)
    named = select(Issue.partner_id).where(Issue.visible, Issue.partner_id.is_not(None))
    partners = select(Partner.id, Partner.name).where(Partner.id.in_(named)).order_by(Partner.search)
    newest = select(Issue.labels).where(Issue.visible).order_by(Issue.id.desc()).limit(POOL).subquery()
    label = queries.each_label(newest.c.labels)
    labels = select(label.c.value).select_from(newest.join(label, true())).distinct().limit(MOST_LABELS)
    return Choices(
        tuple((i, name) for i, name in db.session.execute(homes)),
        tuple((i, name) for i, name in db.session.execute(partners)),
        tuple(sorted(db.session.scalars(labels), key=text.fold)),
    )


def undoable(ids: Collection[int]) -> tuple[int, ...]:
    """Those of the issues whose last triage can be taken back."""
    wanted = select(Issue.id).where(Issue.id.in_(ids), Issue.visible, Issue.undo.is_not(None)).order_by(Issue.id)
    return tuple(db.session.scalars(wanted)) if ids else ()


@dataclass(frozen=True)
class Affecting:
    """Open issues that name a partner by their label, the newest first; `more_url` for those who see the inbox."""

    issues: tuple[queries.IssueLine, ...]
    total: int
    more_url: str


def for_partner(partner: Any, by: Actor) -> dict[str, Any]:
    """`affecting` for a partner (an object with id): what is changed in the app may affect it."""
    wanted = queries.Filter("all", partner_id=partner.id, state="open")
    found = tuple(queries.inbox(wanted, AFFECTING))
    n = total(wanted) if len(found) == AFFECTING else len(found)
    more = f"/issues?triage=all&partner={partner.id}&state=open"
    return {"affecting": Affecting(found, n, more if n > len(found) and page_allowed(by, "issues.index") else "")}


_WAITING = select(func.count()).select_from(
    select(Issue.id)
    .where(
        Issue.visible,
        or_(Issue.triage == Triage.NEW, (Issue.triage == Triage.SNOOZED) & (Issue.snoozed_until <= bindparam("now"))),
    )
    .limit(MOST_COUNTED + 1)
    .subquery()
)


def badge() -> str:
    """How many wait to be triaged, for the navigation: empty for none, at most "99+"."""
    n = run(_WAITING, now=now()).scalar() or 0
    return "" if not n else str(n) if n <= MOST_COUNTED else f"{MOST_COUNTED}+"
