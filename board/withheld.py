"""Words that were taken from elsewhere and must not be shown any more: finding them again in what became of them.

A text that came from an issue may have been edited since. What still is the issue's goes, what a person has written
themselves stays. The rule, stricter than needed rather than laxer: a line goes when it shares four words in a row with
the taken words (however the lines were broken), a short line when all its words stand there in a row; a title goes
when it shares three.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from board.text import fold

RUN, TITLE_RUN = 4, 3
_WORD = re.compile(r"\w+")

TITLES = {"confidential": ("(vertrauliches Issue)", "(confidential issue)")}
GONE = ("(entferntes Issue)", "(removed issue)")
SENTENCE = (
    "Der Text stammte aus einem Issue, das nicht mehr öffentlich ist, und wird deshalb nicht mehr gezeigt.",
    "The text came from an issue that is no longer public, and is therefore no longer shown.",
)
"""In German and English: what is written to the board, not what a reader's language decides."""


@dataclass(frozen=True)
class Taken:
    """The title and the text that were taken over."""

    title: str
    text: str


class Withheld:
    """All that must go from one proposal or package; `why` says which title stands in for it."""

    def __init__(self, taken: Sequence[Taken], why: str) -> None:
        self.title, self.title_en = TITLES.get("confidential" if why == "private" else why, GONE)
        titles, texts = [words(one.title) for one in taken], [words(one.text) for one in taken]
        everything = titles + texts
        self._title_runs = {run for found in everything for run in runs(found, TITLE_RUN)}
        # A title of one word is too common a thing to mark a line; as a line of its own it goes all the same.
        self._runs = {run for found in texts + [t for t in titles if len(t) > 1] for run in runs(found, RUN)}
        self._sources = [f" {' '.join(found)} " for found in everything]

    def in_title(self, title: str) -> bool:
        """Whether a title still is, or quotes, what was taken."""
        found = words(title)
        return any(tuple(found[i : i + n]) in self._title_runs for n in (1, 2, TITLE_RUN) for i in range(len(found)))

    def rest(self, text: str) -> str:
        """The lines of a text that owe nothing to what was taken; the same text when all of them stay."""
        lines = text.split("\n")
        found = [(word, number) for number, line in enumerate(lines) for word in words(line)]
        gone = {number for number, line in enumerate(lines) if self._short(words(line))}
        for i in range(len(found)):
            for n in (1, 2, 3, RUN):
                if tuple(word for word, _line in found[i : i + n]) in self._runs:
                    gone |= {number for _word, number in found[i : i + n]}
        if not gone:
            return text
        return re.sub(r"\n{3,}", "\n\n", "\n".join(line for n, line in enumerate(lines) if n not in gone)).strip()

    def _short(self, line: list[str]) -> bool:
        """A line of up to three words that stands in the source."""
        return 0 < len(line) < RUN and any(f" {' '.join(line)} " in source for source in self._sources)


def words(text: str) -> list[str]:
    """The words of a text in the form in which texts are compared."""
    return _WORD.findall(fold(text))


def runs(found: list[str], length: int) -> Iterable[tuple[str, ...]]:
    """All runs of so many words; a shorter text is one run."""
    if 0 < len(found) < length:
        return [tuple(found)]
    return [tuple(found[i : i + length]) for i in range(len(found) - length + 1)]


def written(rest: str, before: str, sentence: str) -> str:
    """What stands in the place of a text that lost lines: the sentence, then what remained."""
    return before if rest == before else f"{sentence}\n\n{rest}".strip()
