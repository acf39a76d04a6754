"""What somebody typed into a search field, as terms that both databases understand alike."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from board.text import fold

MOST = 8
_TERM = re.compile(r'"([^"]*)"?|([^\s"]+)')
_TOKEN = re.compile(r"[^\W_]+")
_KEY = re.compile(r"\s*(FV|AP)\s*-?\s*0*([1-9]\d{0,8})\s*", re.IGNORECASE)
_ENDING = re.compile(r"(?:ern|em|en|er|es|e|n|s)$")
ROOT = 5


@dataclass(frozen=True)
class Term:
    """Tokens that follow each other. `exact` was put in quotes; otherwise the last token may go on."""

    tokens: tuple[str, ...]
    exact: bool = False


def read(typed: str) -> tuple[Term, ...]:
    """The terms of a search, all of which must be found; at most `MOST`. Folded: ä is ae, ß is ss, upper is lower."""
    terms = [
        Term(tuple(_TOKEN.findall(fold(phrase or word))), exact=bool(phrase)) for phrase, word in _TERM.findall(typed)
    ]
    return tuple(term for term in terms if term.tokens)[:MOST]


def as_typed(typed: str) -> tuple[str, ...]:
    """The folded words and phrases with their signs, to look for as they stand: `%`, `fv-12`, `c++`."""
    return tuple(part for phrase, word in _TERM.findall(typed) if (part := fold(phrase or word)))[:MOST]


def key(typed: str) -> tuple[str, int] | None:
    """("FV", 12) when nothing but a key was typed: `FV-12`, `fv 12`, `ap7`."""
    match = _KEY.fullmatch(typed)
    return (match[1].upper(), int(match[2])) if match else None


def root(token: str) -> str:
    """A word without its German ending, so that `Meldungen` finds `Meldung`; short words stay as they are."""
    shorter = _ENDING.sub("", token)
    return shorter if len(shorter) >= ROOT else token


def tokens(word: str) -> tuple[str, ...]:
    """What a folded word consists of for the text indexes."""
    return tuple(_TOKEN.findall(word))


def for_sqlite(terms: Iterable[Term], *, either: bool = False) -> str:
    """The terms as an FTS5 query; every token is quoted, so nothing typed is ever syntax."""
    return (" OR " if either else " AND ").join(
        f'"{" ".join(term.tokens)}"' if term.exact
        else f'"{" ".join((*term.tokens[:-1], root(term.tokens[-1])))}"*'
        for term in terms
    )  # fmt: skip


def for_postgres(terms: Iterable[Term], *, either: bool = False) -> str:
    """The terms as the text of a tsquery; tokens are letters and digits only, and quoted."""
    return (" | " if either else " & ").join(
        "(" + " <-> ".join(f"'{token}'" for token in term.tokens) + ("" if term.exact else ":*") + ")"
        for term in terms
    )  # fmt: skip


def stands_in(terms: Iterable[Term], folded: str) -> bool:
    """Whether all words stand in a folded text, as parts of words too."""
    return all(token in folded for term in terms for token in term.tokens)
