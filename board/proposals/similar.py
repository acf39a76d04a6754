"""Which proposals resemble a title: asked while somebody writes one, and before many are proposed at once."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from board import text
from board.db import db
from board.proposals.models import Proposal
from board.proposals.queries import Row, rows
from board.proposals.states import State
from board.search.index import among

SIMILAR_POOL = 200
TWIN_POOL = 2000
TWIN = 0.6
SIMILAR = 5


def similar(title: str, locale: str, without: int = 0) -> list[Row]:
    """Up to five proposals whose titles resemble this one, the closest first.

    Candidates share a word's beginning with it, or of the newest a part of one (at most 200 of them); then trigrams of
    the folded titles decide.
    """
    words = sorted({w[:8] for w in text.fold(title).split() if len(w) >= 4}, key=len, reverse=True)[:5]
    if not words:
        return []
    either = among(Proposal.id, words)
    pool = db.session.execute(
        select(Proposal.id, Proposal.title, Proposal.title_en)
        .where(either, Proposal.id != without, Proposal.state.not_in((State.WITHDRAWN, State.MERGED)))
        .order_by(Proposal.id.desc())
        .limit(SIMILAR_POOL)
    ).all()
    scored = sorted((closeness(title, row), row.id) for row in pool)
    best = [number for score, number in reversed(scored) if score >= 0.3][:SIMILAR]
    found = rows(best, locale)
    return [found[number] for number in best]


def twins(titles: Sequence[str], locale: str = "de") -> list[tuple[int, str] | None]:
    """For each title the (id, title) of the proposal that resembles it most, if one does; one statement for all.

    Compared with the newest 2,000 proposals, those that share a word of their German or English title.
    """
    alive = select(Proposal.id, Proposal.title, Proposal.title_en).where(Proposal.state != State.MERGED)
    pool = db.session.execute(alive.order_by(Proposal.id.desc()).limit(TWIN_POOL)).all()
    by_word: dict[str, list[Any]] = {}
    for row in pool:
        for word in set(text.fold(f"{row.title} {row.title_en}").split()):
            by_word.setdefault(word, []).append(row)
    return [_twin(title, by_word, locale) for title in titles]


def _twin(title: str, by_word: dict[str, list[Any]], locale: str) -> tuple[int, str] | None:
    near = {row.id: row for word in text.fold(title).split() for row in by_word.get(word, ())[:SIMILAR_POOL]}
    scored = max(((closeness(title, row), row.id) for row in near.values()), default=(0.0, 0))
    return (scored[1], shown(near[scored[1]], locale)) if scored[0] >= TWIN else None


def closeness(title: str, row: Any) -> float:
    """How alike a title is to a proposal's, the German or the English one; issues in Git are mostly English."""
    return max(likeness(title, row.title), likeness(title, row.title_en))


def shown(row: Any, locale: str) -> str:
    """A proposal's title in the reader's language."""
    return str((locale == "en" and row.title_en) or row.title)


def likeness(one: str, other: str) -> float:
    """How alike two titles are, 0 … 1: the share of common trigrams (Dice), or of the shorter one's words."""
    a, b = _trigrams(one), _trigrams(other)
    if not a or not b:
        return 0.0
    words, others = set(text.fold(one).split()), set(text.fold(other).split())
    shared = len([w for w in words & others if len(w) >= 4]) / max(1, min(len(words), len(others)))
    return max(2 * len(a & b) / (len(a) + len(b)), 0.8 * shared)


def _trigrams(title: str) -> set[str]:
    return {f"  {word} "[i : i + 3] for word in text.fold(title).split() for i in range(len(word) + 1)}
