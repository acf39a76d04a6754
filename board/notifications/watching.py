"""Who wants to hear of what: the sorts of mail that a person has declined, and what they watch."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from board.db import db
from board.i18n import current_locale, spoken
from board.notifications.models import Choice, Sort, Watch
from board.partners.models import Partner
from board.policy import Actor
from board.proposals.models import Proposal, Topic
from board.work.models import Package


def declined(person_ids: Iterable[int], sort: Sort) -> set[int]:
    """Those who do not want this sort."""
    rows = db.session.scalars(
        select(Choice.person_id).where(Choice.person_id.in_(list(person_ids)), Choice.declined == sort)
    )
    return set(rows)


def wanted(person_id: int) -> list[str]:
    """The sorts that a person wants."""
    no = set(db.session.scalars(select(Choice.declined).where(Choice.person_id == person_id)))
    return [sort.value for sort in Sort if sort not in no]


def watchers(key: str) -> set[int]:
    """Who watches a proposal, package, partner or topic."""
    return set(db.session.scalars(select(Watch.person_id).where(Watch.key == key)))


def watches(person_id: int | None, key: str) -> bool:
    """Whether a person watches it."""
    return person_id is not None and db.session.get(Watch, (person_id, key)) is not None


def of_thing(by: Actor, thing: Proposal | Package) -> tuple[str, str, bool] | None:
    """(key, address, whether the reader watches it) for its button; None for readers who are not signed in."""
    kind, where = ("AP", "packages") if isinstance(thing, Package) else ("FV", "proposals")
    key = f"{kind}-{thing.id}"
    return (key, f"/{where}/{key}", watches(by.person_id, key)) if by.signed_in else None


def of_partner(by: Actor, partner: Partner) -> tuple[str, str, bool] | None:
    """The same for a partner."""
    key = f"PA-{partner.id}"
    return (key, f"/partners/{partner.slug}", watches(by.person_id, key)) if by.signed_in else None


def of_topic(by: Actor, slug: str, topics: Iterable[tuple[int, str, str]]) -> tuple[str, str, bool] | None:
    """The same for the topic of that name, out of (id, slug, label); None where there is none."""
    key = next((f"TH-{number}" for number, name, _label in topics if name == slug), "")
    return (key, f"/topics/{slug}", watches(by.person_id, key)) if key and by.signed_in else None


@dataclass(frozen=True)
class Watched:
    """Something that a person watches; `action` is where its button belongs, `key` is shown for FV and AP only."""

    key: str
    title: str
    page: str
    action: str

    @property
    def kind(self) -> str:
        """FV, AP, PA or TH."""
        return self.key[:2]


def watched(person_id: int) -> list[Watched]:
    """All that a person watches: proposals, packages, partners, topics; five statements, however many there are."""
    keys = list(db.session.scalars(select(Watch.key).where(Watch.person_id == person_id)))

    def rows(kind: str, table: Any, *columns: Any) -> Any:
        ids = [int(key[3:]) for key in keys if key.startswith(kind)]
        return db.session.execute(select(table.id, *columns).where(table.id.in_(ids)).order_by(table.id)) if ids else ()

    label = Topic.label_en if current_locale() == "en" else Topic.label_de
    titles = rows("FV", Proposal, Proposal.title, Proposal.title_en)
    found = [(f"FV-{n}", spoken(german, english), f"/proposals/FV-{n}", "") for n, german, english in titles]
    found += [(f"AP-{n}", title, f"/packages/AP-{n}", "") for n, title in rows("AP", Package, Package.title)]
    found += [(f"PA-{n}", t, f"/partners/{slug}", "") for n, t, slug in rows("PA", Partner, Partner.name, Partner.slug)]
    found += [
        (f"TH-{n}", t, f"/proposals?topic={slug}", f"/topics/{slug}")
        for n, t, slug in rows("TH", Topic, label, Topic.slug)
    ]
    return [Watched(key, title, page, action or page) for key, title, page, action in found]
