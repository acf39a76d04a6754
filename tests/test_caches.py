"""Whatever is kept in a process is named here, with what shows in it and the test that changes it."""

import ast
import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from board import i18n, places
from board.accounts.models import Membership, Person
from board.db import at, db, now, transaction
from board.i18n import LOCALES
from board.partners.models import Electorate, Partner, hue
from board.proposals import deadlines, rows
from board.proposals.models import Proposal
from tests.conftest import Browser
from tests.factories import cast, make_proposal, make_world
from tests.people import Cast

BOARD = Path(__file__).parent.parent / "board"
KEEPERS = {"cache", "lru_cache", "cached_property"}
ASKED = {"until_commit"}

BUILD = "made of files and code of this build"
PURE = "a value of its arguments alone; "
STATEMENT = "a statement without values, built once for these arguments"
COMMIT = "until the next commit by anybody: test_pages.py"

NAMED = {
    # What is shown
    "i18n._written": PURE + "test_what_shows_in_a_written_date_is_its_key",
    "i18n._shaped": PURE + "test_what_shows_in_a_written_date_is_its_key",
    "i18n._clock": PURE + "test_what_shows_in_a_written_time_is_its_key",
    "i18n._tag": PURE + "test_what_shows_in_a_moment_is_its_key",
    "i18n.number": PURE + "test_what_shows_in_a_number_is_its_key",
    "proposals.deadlines._short": PURE + "test_what_shows_in_a_deadline_is_its_key",
    "partners.models.hue": PURE + "test_a_colour_is_that_of_its_seed",
    "places.preferred": PURE + "test_a_wish_is_read_as_it_is_sent",
    "legal.pages._source": BUILD,
    "legal.notices._published": BUILD,
    "legal.notices.licence": BUILD,
    "legal.notices.third_party": BUILD,
    "i18n.catalogue": BUILD,
    "i18n.held": PURE + "of texts in catalogues and templates only",
    "compiled.installed": BUILD + ": test_compiled.py",
    "templating.environment": BUILD,
    "templating.tree_hash": BUILD,
    "templating.build": BUILD,
    "admin.system.version": BUILD,
    "api.openapi.document": BUILD,
    "reference.views._told": BUILD,
    # What is counted or read
    "until_commit ('pictured', MONTHS) desk.views": COMMIT,
    "until_commit 'totals' ordering.tables": COMMIT,
    "until_commit 'totals' proposals.browsing": COMMIT,
    "until_commit ('topics', locale) proposals.browsing": COMMIT,
    "until_commit 'proposers' proposals.browsing": COMMIT,
    "until_commit 'milestones' proposals.browsing": COMMIT,
    "until_commit 'electorate' proposals.browsing": COMMIT,
    "until_commit 'newest' proposals.browsing": COMMIT,
    "until_commit ('views', by.person_id, by.partner_id) saved.shown": COMMIT,
    "until_commit ('count', endpoint) navigation": COMMIT,
    # What is never shown
    "issues.store._insert": STATEMENT,
    "issues.store._update": STATEMENT,
    "quick.shape": PURE + "no page",
    "proposals.lists._page": STATEMENT + ", the filters' values included",
    "proposals.lists._counted": STATEMENT + ", the filters' values included",
    "proposals.lists._lookup": STATEMENT + ", the filters' values included",
    "proposals.queries._rows": STATEMENT,
    "proposals.models._touching": STATEMENT,
    "proposals.ahead.added_up": STATEMENT,
    "work.models._touching": STATEMENT,
    "voting.tallies._moving": STATEMENT,
    "voting.tallies._checking": STATEMENT,
    "record.counted._packages": STATEMENT,
    "record.counted._proposals": STATEMENT,
    "spans._last": STATEMENT,
    "asking.cookies": "as long as the request",
    "joined.engine": "as long as the session, so a request or a job",
    "joined.on_sqlite": "as long as the session, so a request or a job",
    "narrow.named": PURE + "test_narrow.py",
    "issues.lane_headers._key": PURE + "no page",
    "vault._made": PURE + "no page",
    "accounts.passwords.common": BUILD,
    "admin.forms._settings_form": PURE + "a form class for these definitions",
    "jobs.worker.queue": "the queue of a worker",
    "demo.ordering._data": BUILD,
    "demo.large._html": PURE + "while a demo is filled",
    "demo.large._folded": PURE + "while a demo is filled",
}


def keepers() -> Iterator[str]:
    """Every function that keeps its results, and every place that asks for something kept."""
    for path in sorted(BOARD.rglob("*.py")):
        module = ".".join(path.relative_to(BOARD).with_suffix("").parts).removesuffix(".__init__")
        source = path.read_text(encoding="utf-8")
        asked = {name for name in ASKED if f"import {name}" in source or f"pages.{name}" in source}
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef):
                kept_by = {_last(decorator) for decorator in node.decorator_list}
                yield from (f"{module}.{node.name}" for _name in kept_by & KEEPERS)
            elif isinstance(node, ast.Call) and _last(node.func) in asked:
                yield f"{_last(node.func)} {ast.unparse(node.args[0])} {module}"


def _last(node: ast.expr) -> str:
    """`lru_cache` of `functools.lru_cache(maxsize=1)`."""
    return ast.unparse(node).partition("(")[0].rpartition(".")[2]


def test_whatever_keeps_something_is_named_here_with_what_shows_it() -> None:
    found = set(keepers())
    assert found - NAMED.keys() == set(), "name a new cache above, and the test that changes what shows in it"
    assert NAMED.keys() - found == set(), "this is kept no longer"


def test_every_test_that_is_named_is_there() -> None:
    for name, why in NAMED.items():
        for word in why.replace(";", " ").replace(":", " ").split():
            if word.startswith("test_"):
                there = (BOARD.parent / "tests" / word).exists() if word.endswith(".py") else word in globals()
                assert there, (name, word)


# Dates, times and numbers

DAY = date(2026, 11, 3)
MOMENT = datetime(2026, 11, 3, 13, 2, tzinfo=UTC)


def different(*shown: object) -> bool:
    """Whether no two of them are the same."""
    return len(set(shown)) == len(shown)


def test_what_shows_in_a_written_date_is_its_key() -> None:
    other = DAY + timedelta(days=1)
    for write in (i18n.long_date, i18n.short_date):
        assert different(write(DAY, "de"), write(other, "de"), write(DAY, "en"), write(other, "en"))
    assert different(i18n.long_date(DAY, "de"), i18n.short_date(DAY, "de"), i18n.month(DAY, "de"))
    assert different(
        i18n.month(DAY, "de"), i18n.month(DAY.replace(month=3), "de"), i18n.month(DAY.replace(month=3), "en")
    )
    assert different(*(i18n.month_name(DAY.replace(month=n), locale) for n in (3, 10) for locale in LOCALES))
    with at(MOMENT):
        this_year = i18n.day_month(DAY, "de")
    with at(MOMENT.replace(year=2027)):
        assert i18n.day_month(DAY, "de") != this_year, "the year shows when it is another one"


def test_what_shows_in_a_written_time_is_its_key() -> None:
    evening, later = MOMENT.replace(hour=20), MOMENT.replace(minute=3)
    for locale in LOCALES:
        assert different(*(i18n.clock(when, locale) for when in (MOMENT, evening, later)))
    assert i18n.clock(MOMENT.replace(month=7), "de") != i18n.clock(MOMENT, "de"), "summer time"


def test_what_shows_in_a_moment_is_its_key() -> None:
    with at(MOMENT + timedelta(hours=1)):
        today = [str(i18n.time_tag(when, locale)) for when in (MOMENT, DAY) for locale in LOCALES]
    with at(MOMENT + timedelta(days=1)):
        tomorrow = [str(i18n.time_tag(when, locale)) for when in (MOMENT, DAY) for locale in LOCALES]
    assert different(*today, *tomorrow)
    with at(MOMENT + timedelta(hours=1)):
        assert [str(i18n.time_tag(when, locale)) for when in (MOMENT, DAY) for locale in LOCALES] == today


def test_what_shows_in_a_deadline_is_its_key() -> None:
    days = [DAY + timedelta(days=n) for n in (-1, 0, 1, 14, 15)]
    shown = []
    for moment, locale in itertools.product((MOMENT, MOMENT + timedelta(days=1)), LOCALES):
        with at(moment), i18n.speaking(locale):
            assert different(*(deadlines.short(day) for day in days))
            shown.append([str(deadlines.short(day)) for day in days[1:4]])
    assert different(*itertools.chain(*shown))


def test_today_is_the_day_in_germany_whenever_one_asks() -> None:
    begin, end = datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC)  # 23 hours long.
    instant = timedelta(microseconds=1)
    asked = [(begin, 29), (end - instant, 29), (end, 30), (begin - instant, 28), (begin, 29), (end + instant, 30)]
    for moment, day in asked:
        with at(moment):
            assert i18n.today() == date(2026, 3, day)


def test_what_shows_in_a_number_is_its_key() -> None:
    values = [0, 1, 1234, 1234.5, Decimal("1234.25"), -7]
    assert different(*(i18n.number(value, "de") for value in values))
    assert i18n.number(1234.5, "de") != i18n.number(1234.5, "en")
    assert i18n.number(Decimal("1.50"), "de") == i18n.number(1.5, "de"), "equal numbers share a place"


def test_a_colour_is_that_of_its_seed() -> None:
    assert hue("08136088") == hue.__wrapped__("08136088")
    assert hue("08136088") != hue("08136089")


def test_a_wish_is_read_as_it_is_sent() -> None:
    assert [places.preferred(wish) for wish in ("en", "de", "en;q=0.5, de;q=0.9", "fr", "")] == [
        "en",
        "de",
        "de",
        "de",
        "de",
    ]


# Rows of lists


def touched(**values: Any) -> Callable[[Cast], object]:
    """Something of the first proposal, with its version."""
    change = update(Proposal).where(Proposal.id == 1).values(version=Proposal.version + 1, **values)
    return lambda _people: db.session.execute(change)


def told(statement: Any) -> Callable[[Cast], object]:
    """A statement."""
    return lambda _people: db.session.execute(statement)


@pytest.mark.parametrize(
    "change",
    [
        touched(title="Anders"), touched(summary="Anders"), touched(state="accepted", closed_at=now()),
        touched(n_for=2), touched(coalition='{"lead": ["Celle"]}'), touched(vote_by=date(2030, 1, 1)),
        touched(n_comments=7), touched(n_packages=3, n_free=2), touched(effort_low=3, effort_high=5),
        told(update(Electorate).values(size=40, version=9)),
        told(update(Membership).values(role="member")),
        told(update(Person).values(locale="en")),
        told(update(Partner).where(Partner.slug == "aalen").values(paused_at=now())),
    ],
    ids=[
        "title", "summary", "state", "votes", "coalition", "deadline", "comments", "packages", "effort", "electorate",
        "role", "language", "paused",
    ],
)  # fmt: skip
def test_a_row_changes_with_all_that_shows_in_it(
    app: Flask, people: Cast, ada: Browser, change: Callable[[Cast], object]
) -> None:
    rows.kept.clear()  # Of the test before, whose proposal had the same id, version and time.
    with app.app_context():
        make_world(people)
    before = row(app, ada)
    with app.app_context(), transaction():
        change(people)
    kept = row(app, ada)
    assert kept != before
    rows.kept.clear()
    assert row(app, ada) == kept, "what is kept is what would be made"


def test_of_a_proposal_that_changes_again_and_again_only_the_last_row_is_kept(
    app: Flask, people: Cast, ada: Browser
) -> None:
    """Each vote changes a row: what nobody will ask for again must not stay until eight thousand of them lie there."""
    rows.kept.clear()
    with app.app_context():
        make_proposal(people)
    row(app, ada)
    once = len(rows.kept)
    for title in ("Anders", "Noch anders"):
        with app.app_context(), transaction():
            touched(title=title)(people)
        assert title in row(app, ada)
        assert len(rows.kept) == once


def test_a_row_changes_with_the_day_and_with_ones_own_ballot(
    app: Flask, people: Cast, ada: Browser, ben: Browser
) -> None:
    with app.app_context():
        make_proposal(people)
    with app.app_context(), transaction():
        touched(vote_by=i18n.in_days(5))(people)
    seen = [row(app, ada), row(app, ben)]
    with at(now() + timedelta(days=1)):
        seen.append(row(app, ada))
    with app.app_context():
        cast(people, 1, "for")
    seen.append(row(app, ada))
    assert different(*seen)
    assert row(app, ada) == seen[-1]


def row(app: Flask, browser: Browser) -> str:
    """The first proposal's row, put together anew from what is kept of it."""
    app.extensions["pages"].forget()
    html = browser.get("/proposals").text
    return html.partition('id="proposal-1"')[2].partition("</li>")[0]
