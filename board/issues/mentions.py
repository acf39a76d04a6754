"""Keys such as FV-12 and AP-7 in what developers write: titles and texts of issues, branches, commit messages."""

import re

MOST = 20
_KEY = re.compile(r"(?<![A-Za-z0-9])(FV|AP)-0{0,8}([1-9][0-9]{0,8})(?![0-9A-Za-z])")
_LOOSE = re.compile(_KEY.pattern, re.IGNORECASE)


def keys(*texts: str) -> list[tuple[str, int]]:
    """The first twenty keys, each once: ("FV", 12), ("AP", 7)."""
    found = ((match[1], int(match[2])) for text in texts for match in _KEY.finditer(text))
    return list(dict.fromkeys(found))[:MOST]


def packages(*texts: str) -> list[int]:
    """Ids of packages named in branches and messages, where people also write `ap-7`."""
    found = (int(m[2]) for text in texts for m in _LOOSE.finditer(text.replace("_", " ")) if m[1].upper() == "AP")
    return list(dict.fromkeys(found))[:MOST]
