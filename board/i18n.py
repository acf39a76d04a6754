"""Languages: German first, English beside it. Catalogues, and dates and numbers in the reader's locale.

Message ids are English; `locale/de/<feature>.po` hold the German texts and are read at start (no compiled files).
The language of the running request lives in a context variable, so the domain needs no request.
Catalogue texts are trusted HTML in templates; a house test refuses `<` and lone `%` in them.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton, format_time
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po
from babel.numbers import format_decimal
from markupsafe import Markup, escape

from board.db import now

LOCALES = ("de", "en")
REGIONS = {"de": "de_DE", "en": "en_GB"}
"""How dates and numbers are written: in English as Europe does (3 November 2026, 14:02), not as in America."""
BERLIN = ZoneInfo("Europe/Berlin")
CATALOGUES = Path(__file__).parent / "locale"

_NUMBER = re.compile(r"(%\([nm]\)s) (?=\w)")
_locale: ContextVar[str] = ContextVar("locale", default="de")


def current_locale() -> str:
    """The language of the running request, `de` or `en`."""
    return _locale.get()


def spoken(german: str, english: str | None) -> str:
    """What has been written in German, in English too if somebody did: as the reader reads it, else in German."""
    return (_locale.get() == "en" and english) or german


def set_locale(locale: str) -> None:
    """Choose the language for what follows; an unknown one means German."""
    _locale.set(locale if locale in LOCALES else "de")


@contextmanager
def speaking(locale: str) -> Iterator[None]:
    """Speak another language for a while (feeds, command line, tests)."""
    token = _locale.set(locale)
    try:
        yield
    finally:
        _locale.reset(token)


@cache
def catalogue(locale: str) -> dict[str, str | tuple[str, ...]]:
    """Message id → text, or → (singular, plural)."""
    found: dict[str, str | tuple[str, ...]] = {}
    for path in sorted((CATALOGUES / locale).glob("*.po")):
        with path.open("rb") as file:
            found |= dict(_texts(read_po(file, locale=locale)))
    return found


def _texts(messages: Catalog) -> Iterator[tuple[str, str | tuple[str, ...]]]:
    for message in messages:
        key = message.id[0] if isinstance(message.id, (tuple, list)) else message.id
        text = message.string
        if key and text and (isinstance(text, str) or all(text)):
            yield key, held(text) if isinstance(text, str) else tuple(held(form) for form in text)


@cache
def held(text: str) -> str:
    """A number and its word stay on one line: the space after `%(n)s` (or m) does not break."""
    return _NUMBER.sub("\\1\N{NO-BREAK SPACE}", text)


def translate(locale: str, message: str) -> str:
    """The text in that language, or the English message id itself."""
    text = catalogue(locale).get(message)
    return held(message) if text is None else text if isinstance(text, str) else text[0]


def translate_plural(locale: str, singular: str, plural: str, n: float) -> str:
    """The singular or plural text; German and English agree on when (n ≠ 1)."""
    forms = catalogue(locale).get(singular)
    if not isinstance(forms, tuple):
        forms = (held(singular), held(plural))
    return forms[0] if n == 1 else forms[1]


def gettext(message: str, **values: object) -> str:
    """The text in the request's language, with the values filled in (plain text, escaped where it is shown)."""
    text = translate(_locale.get(), message)
    return text % values if values else text


def ngettext(singular: str, plural: str, n: float, **values: object) -> str:
    """Singular or plural in the request's language; `%(n)s` is the number."""
    return translate_plural(_locale.get(), singular, plural, n) % {"n": n, **values}


def today() -> date:
    """Today in Germany: relative dates and leases follow this day. A list of fifty rows asks two hundred times."""
    moment = now()
    begin, end, day = _running[0]
    if not begin <= moment < end:
        day = day_of(moment)
        _running[0] = end_of(day - timedelta(days=1)), end_of(day), day
    return day


_running = [(datetime.max.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), date.max)]
"""The day that was asked for last: when it began, when it is over, and which it is."""


def day_of(when: date | datetime) -> date:
    """The day in Germany on which it happened."""
    return when.astimezone(BERLIN).date() if isinstance(when, datetime) else when


def end_of(day: date) -> datetime:
    """The moment at which that day is over in Germany."""
    return datetime.combine(day + timedelta(days=1), time(0), BERLIN).astimezone(UTC)


def last_day(end: datetime) -> date:
    """The last whole day in Germany before that moment; the other way round of `end_of`."""
    return day_of(end - timedelta(microseconds=1))


def long_date(when: date | datetime, locale: str) -> str:
    """3. November 2026."""
    return _written(day_of(when), "long", locale)


def short_date(when: date | datetime, locale: str) -> str:
    """03.11.26 in German, 3 Nov 2026 in English."""
    return _written(day_of(when), "short" if locale == "de" else "medium", locale)


@lru_cache(maxsize=4096)
def _written(day: date, form: Literal["short", "medium", "long", "LLL"], locale: str) -> str:
    return format_date(day, form, REGIONS[locale])


def day_month(when: date | datetime, locale: str) -> str:
    """18. Dez., and the year where it is another one than this."""
    day = day_of(when)
    return _shaped(day, "MMMd" if day.year == today().year else "yMMMd", locale)


def month(when: date | datetime, locale: str) -> str:
    """November 2026."""
    return _shaped(day_of(when), "yMMMM", locale)


def month_name(when: date | datetime, locale: str) -> str:
    """Nov, under a column of a picture."""
    return _written(day_of(when), "LLL", locale)


@lru_cache(maxsize=4096)
def _shaped(day: date, skeleton: str, locale: str) -> str:
    return format_skeleton(skeleton, day, locale=REGIONS[locale])


def exact(when: date | datetime, locale: str) -> str:
    """3. November 2026, 14:02."""
    if isinstance(when, datetime):
        return f"{long_date(when, locale)}, {clock(when, locale)}"
    return long_date(when, locale)


def clock(when: datetime, locale: str) -> str:
    """14:02."""
    here = when.astimezone(BERLIN)
    return _clock(here.hour, here.minute, locale)


@lru_cache(maxsize=4096)
def _clock(hour: int, minute: int, locale: str) -> str:
    return format_time(time(hour, minute), "short", locale=REGIONS[locale])


def relative(when: date | datetime, locale: str) -> str:
    """Heute 14:02, gestern, vor 3 Tagen, in 5 Tagen, else the date; never finer than a day except today."""
    days = (today() - day_of(when)).days
    if days == 0:
        if isinstance(when, datetime):
            return translate(locale, "today %(time)s") % {"time": clock(when, locale)}
        return translate(locale, "today")
    if days == 1:
        return translate(locale, "yesterday")
    if days == -1:
        return translate(locale, "tomorrow")
    if 1 < days <= 30:
        return translate(locale, "%(n)s days ago") % {"n": days}
    if -30 <= days < -1:
        return translate(locale, "in %(n)s days") % {"n": -days}
    return long_date(when, locale)


def time_tag(when: date | datetime, locale: str) -> Markup:
    """A relative date with the exact one as its title."""
    machine = when.isoformat(timespec="minutes") if isinstance(when, datetime) else when.isoformat()
    return _tag(machine, when, locale, today())


@lru_cache(maxsize=8192)
def _tag(machine: str, when: date | datetime, locale: str, _today: date) -> Markup:
    """What shows in it is its key: the moment as it is written, the language, and today."""
    title, shown = escape(exact(when, locale)), escape(relative(when, locale))
    return Markup(f'<time datetime="{machine}" title="{title}">{shown}</time>')  # noqa: S704 - each value is escaped


@lru_cache(maxsize=4096)
def number(value: int | float | Decimal, locale: str) -> str:
    """1.234,5 in German."""
    return format_decimal(value, locale=REGIONS[locale])


def days_until(day: date) -> int:
    """How many days are left until that day; negative when it has passed."""
    return (day - today()).days


def in_days(days: int) -> date:
    """The day that many days from today."""
    return today() + timedelta(days=days)
