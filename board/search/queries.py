"""What a search finds, kind by kind: the best of the newest hits, each with a piece of its text."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter

from markupsafe import Markup
from sqlalchemy import case, select

from board import text
from board.comments.models import Comment
from board.db import db
from board.duplicates.queries import leads_to
from board.i18n import current_locale
from board.i18n import gettext as _
from board.issues.models import Issue, Repository
from board.learnings.models import Learning
from board.learnings.verbs import TEXTS
from board.partners.models import Partner
from board.policy import Actor, page_allowed
from board.proposals.models import Proposal
from board.proposals.states import LABELS, State
from board.search import words
from board.search.index import within
from board.search.snippets import around, holds, marked
from board.work.models import Package

RANKED = 60
"""So many of the newest hits of a kind are put in order: words in the title first, then the newest."""
FEW, MANY = 5, 40
PLAIN = 4000


@dataclass(frozen=True)
class Hit:
    """One thing found. `title` and `piece` are Markup with `<mark>`; `where` names what it stands under."""

    kind: str
    key: str
    url: str
    title: Markup
    piece: str = ""
    state: str = ""
    label: str = ""
    where: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Group:
    """The hits of one kind; `more` says that there are others, `full` that only the newest were looked at."""

    kind: str
    hits: tuple[Hit, ...]
    more: bool
    total: int
    full: bool


Finder = Callable[[str, tuple[words.Term, ...]], list[tuple[int, Hit]]]


def kinds(by: Actor) -> tuple[str, ...]:
    """What this reader can search, in the order in which it is shown; issues belong to those who sort them."""
    return tuple(kind for kind in FINDERS if kind != "issue" or page_allowed(by, "issues.index"))


def find(typed: str, by: Actor, kind: str = "", few: int = FEW) -> tuple[Group, ...]:
    """The groups in which something was found; one kind alone shows `MANY`. One statement per kind."""
    terms = words.read(typed)
    if not terms:
        return ()
    chosen = [kind] if kind in kinds(by) else kinds(by)
    groups = (_group(name, typed, terms, MANY if kind else few) for name in chosen)
    return tuple(group for group in groups if group.hits)


def jump(typed: str, by: Actor, most: int = 8) -> tuple[Hit, ...]:
    """The few places to go to at once: what bears the key, then the best of each kind."""
    named = _by_key(typed)
    best = [hit for group in find(typed, by, few=3) for hit in group.hits if hit.kind != "comment"]
    return tuple(([named] if named else []) + [hit for hit in best if not named or hit.key != named.key])[:most]


def _group(kind: str, typed: str, terms: tuple[words.Term, ...], shown: int) -> Group:
    found = FINDERS[kind](typed, terms)
    best = sorted(found, key=itemgetter(0))  # A stable sort: the newest stay first.
    return Group(kind, tuple(hit for _place, hit in best[:shown]), len(found) > shown, len(found), len(found) == RANKED)


def _ranked(title: str, terms: tuple[words.Term, ...]) -> int:
    """0 where words of the title begin with all that was typed, 1 where the title holds it inside, else 2."""
    folded = f" {text.fold(title)}"
    begins = all(f" {words.root(token)}" in folded for term in terms for token in term.tokens)
    return 0 if begins else 1 if words.stands_in(terms, folded) else 2


def _proposals(typed: str, terms: tuple[words.Term, ...]) -> list[tuple[int, Hit]]:
    english = current_locale() == "en"
    rows = db.session.execute(
        select(
            Proposal.id, Proposal.title, Proposal.title_en, Proposal.text, Proposal.text_en, Proposal.summary,
            Proposal.summary_en, Proposal.state, Proposal.active_at,
        ).where(within(Proposal.id, typed), Proposal.state != State.MERGED).order_by(Proposal.id.desc()).limit(RANKED)
    )  # fmt: skip
    found = []
    for row in rows:
        said = (row.title, row.text or row.summary)
        in_english = (row.title_en or row.title, row.text_en or row.summary_en or said[1])
        title, whole = _as_found((in_english, said) if english else (said, in_english), terms)
        hit = Hit("proposal", f"FV-{row.id}", f"/proposals/FV-{row.id}", marked(title, terms), _piece(terms, whole),
                  row.state, _(LABELS[row.state]), at=row.active_at)  # fmt: skip
        found.append((_ranked(f"{row.title} {row.title_en}", terms), hit))
    return found


def _packages(typed: str, terms: tuple[words.Term, ...]) -> list[tuple[int, Hit]]:
    rows = db.session.execute(
        select(
            Package.id, Package.title, Package.text, Package.deliverables, Package.acceptance, Package.state,
            Package.active_at, Proposal.id.label("under"), Proposal.title.label("where"),
        ).join(Proposal, Proposal.id == Package.proposal_id)
        .where(within(Package.id, typed), Package.merged_into_id.is_(None)).order_by(Package.id.desc()).limit(RANKED)
    )  # fmt: skip
    return [
        (
            _ranked(row.title, terms),
            Hit("package", f"AP-{row.id}", f"/packages/AP-{row.id}", marked(row.title, terms),
                _piece(terms, row.text, row.deliverables, row.acceptance), row.state,
                where=f"FV-{row.under} {row.where}", at=row.active_at),
        )
        for row in rows
    ]  # fmt: skip


def _comments(typed: str, terms: tuple[words.Term, ...]) -> list[tuple[int, Hit]]:
    rows = db.session.execute(
        select(
            Comment.id, Comment.text, Comment.written_at, Comment.package_id, Comment.proposal_id,
            Proposal.title, Package.title.label("package"),
        ).join(Proposal, Proposal.id == Comment.proposal_id)
        .outerjoin(Package, Package.id == Comment.package_id)
        .where(within(Comment.id, typed), Comment.deleted_at.is_(None)).order_by(Comment.id.desc()).limit(RANKED)
    )  # fmt: skip
    found = []
    for row in rows:
        key = f"AP-{row.package_id}" if row.package_id else f"FV-{row.proposal_id}"
        page = "packages" if row.package_id else "proposals"
        hit = Hit("comment", key, f"/{page}/{key}#comment-{row.id}", Markup.escape(row.package or row.title),
                  _piece(terms, row.text), at=row.written_at)  # fmt: skip
        found.append((0, hit))
    return found


def _issues(typed: str, terms: tuple[words.Term, ...]) -> list[tuple[int, Hit]]:
    rows = db.session.execute(
        select(
            Issue.id, Issue.number, Issue.title, Issue.body, Issue.state, Issue.url, Issue.active_at, Repository.name
        )
        .join(Repository, Repository.id == Issue.repository_id)
        .where(within(Issue.id, typed), Issue.visible)
        .order_by(Issue.id.desc())
        .limit(RANKED)
    )
    return [
        (
            _ranked(row.title, terms),
            Hit("issue", f"#{row.number}", f"/issues?triage=all&q={row.number}", marked(row.title, terms),
                _piece(terms, row.body), row.state or "", where=row.name, at=row.active_at),
        )
        for row in rows
    ]  # fmt: skip


def _learnings(typed: str, terms: tuple[words.Term, ...]) -> list[tuple[int, Hit]]:
    rows = db.session.execute(
        select(Learning, Partner.name)
        .join(Partner, Partner.id == Learning.partner_id)
        .where(within(Learning.id, typed))
        .order_by(Learning.id.desc())
        .limit(RANKED)
    )
    return [
        (
            _ranked(row.Learning.title, terms),
            Hit("learning", "", f"/learnings/{row.Learning.id}", marked(row.Learning.title, terms),
                _piece(terms, *(getattr(row.Learning, name) for name in TEXTS)), where=row.name,
                at=row.Learning.written_at),
        )
        for row in rows
    ]  # fmt: skip


def _partners(_typed: str, terms: tuple[words.Term, ...]) -> list[tuple[int, Hit]]:
    """Found in the database by parts of name and state, those first whose name begins with what was typed."""
    tokens = [token for term in terms for token in term.tokens]
    begins = case((Partner.search.startswith(tokens[0], autoescape=True), 0), else_=1)
    rows = db.session.execute(
        select(Partner.slug, Partner.name, Partner.state, Partner.sign)
        .where(*(Partner.search.contains(token, autoescape=True) for token in tokens))
        .order_by(begins, Partner.search)
        .limit(RANKED)
    )
    return [
        (
            _ranked(row.name, terms),
            Hit("partner", row.sign, f"/partners/{row.slug}", marked(row.name, terms), where=row.state),
        )
        for row in rows
    ]


FINDERS: dict[str, Finder] = {
    "proposal": _proposals,
    "package": _packages,
    "learning": _learnings,
    "partner": _partners,
    "issue": _issues,
    "comment": _comments,
}


def _piece(terms: tuple[words.Term, ...], *fields: str) -> Markup:
    """A piece of the plain text of one or several fields, around the first word that was found."""
    return around(" · ".join(text.excerpt(field, PLAIN) for field in fields if field), terms)


def _as_found(languages: tuple[tuple[str, str], ...], terms: tuple[words.Term, ...]) -> tuple[str, str]:
    """Title and text in the reader's language (the first), unless only the other one has the words in it."""
    return next((one for one in languages if any(holds(part, terms) for part in one)), languages[0])


def _by_key(typed: str) -> Hit | None:
    named = words.key(typed)
    if named is None:
        return None
    prefix, number = named
    number = leads_to(number) if prefix == "FV" else number
    model, page = (Proposal, "proposals") if prefix == "FV" else (Package, "packages")
    title = db.session.scalar(select(model.title).where(model.id == number))
    if title is None:
        return None
    key = f"{prefix}-{number}"
    return Hit("proposal" if prefix == "FV" else "package", key, f"/{page}/{key}", Markup.escape(title))
