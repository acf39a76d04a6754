"""What is shown of a hit: the words that matched, marked, in a piece of the text around the first of them."""

import re
from collections.abc import Iterable, Iterator

from markupsafe import Markup

from board.search.words import Term, root
from board.text import fold

LENGTH = 180
_TOKEN = re.compile(r"[^\W_]+")


def marked(text: str, terms: Iterable[Term]) -> Markup:
    """The text, escaped, with `<mark>` around the words that were looked for."""
    shown, end = Markup(""), 0
    for start, stop in _matches(text, terms):
        shown += text[end:start] + Markup("<mark>{}</mark>").format(text[start:stop])
        end = stop
    return shown + text[end:]


def holds(text: str, terms: Iterable[Term]) -> bool:
    """Whether any of the words that were looked for stands in the text, so that `marked` would mark it."""
    return next(_matches(text, terms), None) is not None


def around(text: str, terms: Iterable[Term], length: int = LENGTH) -> Markup:
    """About `length` characters of the text around the first match, cut at words, marked."""
    terms = tuple(terms)
    first = next(_matches(text, terms), (0, 0))[0]
    start = 0 if first < length // 2 else text.rfind(" ", 0, first - length // 3) + 1
    piece = text[start : start + length]
    if start + length < len(text):
        piece = piece.rsplit(" ", 1)[0].rstrip(" ,;:") + " …"
    return Markup("{}{}").format("… " if start else "", marked(piece, terms))


def _matches(text: str, terms: Iterable[Term]) -> Iterator[tuple[int, int]]:
    """(start, end) of the words of a text that belong to a term: the same, longer, or holding it inside."""
    wanted = tuple({token if term.exact else root(token) for term in terms for token in term.tokens})
    for match in _TOKEN.finditer(text):
        word = fold(match[0])
        if any(token == word or (len(token) > 2 and token in word) or word.startswith(token) for token in wanted):
            yield match.span()
