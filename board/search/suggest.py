"""Did you mean: the closest word of the board for each word that nothing matches."""

import difflib
import re

from sqlalchemy import select

from board.db import db
from board.partners.models import Partner
from board.proposals.models import Proposal, Topic
from board.search import words
from board.text import fold
from board.work.models import Package

NEWEST = 5000
LIKE = 0.74
_WORD = re.compile(r"[^\W\d_]{3,}")


def instead(typed: str) -> str:
    """What may have been meant, in the board's own spelling; empty when nothing comes close or all words are known.

    Looks at the words of the newest titles, of topics and partners; asked only where nothing was found.
    """
    terms = words.read(typed)
    known = _known() if terms else {}
    better = [_closest(token, known) for term in terms for token in term.tokens]
    meant = " ".join(word for _changed, word in better)
    return meant if any(changed for changed, _word in better) else ""


def _closest(token: str, known: dict[str, str]) -> tuple[bool, str]:
    """(whether it is another word, the word)."""
    if any(word.startswith(token) for word in known):
        return False, known.get(token, token)
    near = difflib.get_close_matches(token, known, n=1, cutoff=LIKE)
    return (True, known[near[0]]) if near else (False, token)


def _known() -> dict[str, str]:
    """Folded word → the word as it is written on the board."""
    found: dict[str, str] = {}
    for query in (
        select(Proposal.title).order_by(Proposal.id.desc()).limit(NEWEST),
        select(Proposal.title_en).order_by(Proposal.id.desc()).limit(NEWEST),
        select(Package.title).order_by(Package.id.desc()).limit(NEWEST),
        select(Topic.label_de),
        select(Topic.label_en),
        select(Partner.name),
    ):
        for title in db.session.scalars(query):
            found.update((fold(word), word) for word in _WORD.findall(title))
    return found
