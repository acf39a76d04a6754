"""Why a fetch ended early: a code and what it names, kept as such, told in the reader's language when it is shown."""

import json
from collections.abc import Iterable

from board.i18n import gettext as _

N_ = str  # Marks a message id.
LONGEST = 300
PROBLEMS = {
    "redirected": N_("%(host)s redirects to another host"),
    "redirects": N_("%(host)s redirects too often"),
    "away": N_("%(host)s cannot be reached (%(kind)s)"),
    "answers": N_("%(host)s answers with status %(status)s"),
    "wait": N_("%(host)s asks to wait %(seconds)s seconds: try again later"),
    "too_much": N_("%(host)s sends too much at once"),
    "not_listed": N_("%(host)s is not listed in BOARD_FORGES"),
    "no_https": N_("%(host)s is not called without https"),
    "private": N_("%(host)s is in a private network; list it in BOARD_FORGES if that is meant"),
    "no_id": N_("the repository has no id"),
    "no_repository": N_("the forge does not describe the repository"),
    "other_repository": N_("the forge describes another repository"),
    "no_list": N_("the forge does not answer with a list"),
    "no_json": N_("the forge does not answer with JSON"),
    "next_elsewhere": N_("the next page is on another host"),
    "too_long": N_("the fetch took longer than a day and was ended"),
    "key": N_("the board's key does not fit the kept token: please enter the token again"),
    "crash": N_("an error of the board (%(kind)s)"),
}


class Refused(Exception):
    """A call that is not made, or an answer that is not taken. Its text is English, for the command line."""

    def __init__(self, code: str, **said: str) -> None:
        super().__init__(PROBLEMS[code] % said)
        self.code, self.said = code, said


def kept(found: Iterable[tuple[str, Refused]]) -> str:
    """Repositories and their problems, as many as fit; empty for none."""
    lines: list[tuple[str, str, dict[str, str]]] = []
    for where, why in found:
        more = [*lines, (where, why.code, why.said)]
        if len(_packed(more)) > LONGEST:
            break
        lines = more
    return _packed(lines) if lines else ""


def told(stored: str) -> list[str]:
    """What was kept, in the reader's language; anything else as it is."""
    try:
        lines = [(str(where), _(PROBLEMS[code]) % said) for where, code, said in json.loads(stored or "[]")]
    except (ValueError, KeyError, TypeError):
        return [stored]
    return [f"{where}: {text}" if where else text for where, text in lines]


def _packed(lines: list[tuple[str, str, dict[str, str]]]) -> str:
    return json.dumps(lines, ensure_ascii=False, separators=(",", ":"))
