"""Texts that people write: Markdown to safe HTML, excerpts, and the form in which texts are compared."""

import re
import unicodedata

import nh3
from markdown_it import MarkdownIt

TAGS = {
    "p", "br", "hr", "em", "strong", "del", "code", "pre", "blockquote", "ul", "ol", "li", "a",
    "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}

_markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_HEADING = re.compile(r"<(/?)h[12]>")
_SPELLED = (
    ("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss"), ("Ä", "Ae"), ("Ö", "Oe"), ("Ü", "Ue"), ("ẞ", "Ss"),
)  # fmt: skip
_SPACE = re.compile(r"\s+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def markdown(text: str, top: int = 3) -> str:
    """Safe HTML of a Markdown text: no raw HTML, images, styles or ids; its highest headings are of level `top`."""
    html = _HEADING.sub(rf"<\1h{top}>", _markdown.render(text))
    return nh3.clean(
        html,
        tags=TAGS | {f"h{top}"},
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow",
    )


def excerpt(text: str, length: int = 200) -> str:
    """The beginning of a text without its markup, cut at a word."""
    plain = _SPACE.sub(" ", nh3.clean(_markdown.render(text), tags=set())).strip()
    plain = plain.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&amp;", "&")
    if len(plain) <= length:
        return plain
    return plain[: length - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


def clean(text: str) -> str:
    """Without control characters and lone surrogates, line ends as \\n, in Unicode form C."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", _CONTROL.sub("", text)).strip()


def fold(text: str) -> str:
    """The form in which texts are searched and compared: lower case, umlauts spelled out, single spaces."""
    # Eight replacements cost far less than one `translate`, which looks every character up, and than `lower` on
    # anything but ASCII.
    for letter, spelled in _SPELLED:
        text = text.replace(letter, spelled)
    if text.isascii():  # German is plain by now: most texts are spared the way through every character.
        return " ".join(text.lower().split())
    plain = unicodedata.normalize("NFKD", text.lower())
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())


def decoded(body: bytes) -> str:
    """The text of a file that somebody sends: UTF-8, else what German spreadsheets write."""
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")
