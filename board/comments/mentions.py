"""Mentions: `@` and the name of a person or a partner (or the partner's name in its address) in a comment."""

import re
from dataclasses import dataclass

from sqlalchemy import select

from board import text as texts
from board.accounts.deputies import standing_in
from board.accounts.models import Membership, Person, Role
from board.db import db
from board.partners.models import Partner

_AT = re.compile(r"(?<![\w@/.])@(?=\w)")
LONGEST = 120


@dataclass(frozen=True)
class Mentions:
    """Who is mentioned: ids of persons and partners, and where (start, end, address of the partner or nothing)."""

    persons: frozenset[int]
    partners: frozenset[int]
    places: tuple[tuple[int, int, str], ...]

    def people(self) -> set[int]:
        """Those to tell: the persons themselves, and who casts the ballot of a mentioned partner."""
        rows = db.session.execute(
            select(Membership.person_id, Membership.role, Membership.deputy_from, Membership.deputy_until).where(
                Membership.partner_id.in_(self.partners), Membership.ended_at.is_(None)
            )
        )
        fit = {r.person_id for r in rows if r.role == Role.DELEGATE or standing_in(r.deputy_from, r.deputy_until)}
        return fit | set(self.persons)


def mentioned(text: str) -> Mentions:
    """Everybody whose name follows an `@`; the longest name that fits counts, by case-blind comparison."""
    starts = [match.end() for match in _AT.finditer(text)]
    if not starts:
        return Mentions(frozenset(), frozenset(), ())
    names = _names()
    persons: set[int] = set()
    partners: set[int] = set()
    places: list[tuple[int, int, str]] = []
    for start in starts:
        for length in range(min(LONGEST, len(text) - start), 0, -1):
            end = start + length
            known = names.get(texts.fold(text[start:end]))
            if known and not (text[end : end + 1].isalnum() or text[end - 1].isspace()):
                kind, number, slug = known
                (persons if kind == "person" else partners).add(number)
                places.append((start - 1, end, f"/partners/{slug}" if slug else ""))
                break
    return Mentions(frozenset(persons), frozenset(partners), tuple(places))


def linked(text: str) -> str:
    """The Markdown with each mention as a link to the partner, or in bold for a person."""
    done, made = 0, ""
    for start, end, address in mentioned(text).places:
        word = text[start:end]
        made += text[done:start] + (f"[{word}]({address})" if address else f"**{word}**")
        done = end
    return made + text[done:]


def _names() -> dict[str, tuple[str, int, str]]:
    found: dict[str, tuple[str, int, str]] = {}
    people = select(Person.id, Person.name).where(Person.disabled_at.is_(None)).order_by(Person.id.desc())
    for number, name in db.session.execute(people):
        found[texts.fold(name)] = ("person", number, "")
    for number, slug, name in db.session.execute(select(Partner.id, Partner.slug, Partner.name)):
        found[texts.fold(name)] = found[texts.fold(slug)] = ("partner", number, slug)
    return found
