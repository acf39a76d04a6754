"""Two partners' people attack each other: every route that changes something, with the other's objects and forged
fields. Generated from the routes and from the table of rights: what is new is attacked as soon as it is there, and a
route, a verb or a table that the trial cannot place fails it. Nothing moves, nothing leaks.

What a partner may do to a shared thing (comment under it, vote on it, support it) is no attack: compared are the
victim's own rows, and of shared rows what only the victim decides (`tests/rivals.py`).
"""

import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from itertools import groupby
from types import MappingProxyType, SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from board import policy
from board.db import Base
from tests.conftest import Browser, sign_in
from tests.people import Cast, Who
from tests.rivals import EMPTY, EVERYBODYS, LAST, MOVED_BY_RIGHT, NOBODYS, OF_PACKAGES, Rivals
from tests.test_rights import ROWS, forms

EXEMPT = {
    "accounts.sign_in": "asks for the victim's password; its throttle and its answers have trials of their own",
    "factors.code": "is the second step of that, and begins with a sealed cookie of the same browser",
    "hooks.receive": "is for forges, and proves itself by its signature",
}
"""Routes that change something and are not attacked here, and why."""
PRIVATE = re.compile(r"[\w.+-]+@example\.org|\$argon2|geheim|subjekt-\w+|login\.example")


@pytest.fixture
def world(app: Flask, people: Cast) -> Rivals:
    """The two partners."""
    return Rivals(app, people)


def test_every_route_that_changes_something_is_attacked_or_says_why_not(world: Rivals) -> None:
    wanted = {endpoint for method, endpoint, *_rest in ROWS if method == "POST"}
    attacked = {endpoint for endpoint, _path in world.addresses("aalen", "POST")} - EXEMPT.keys()
    assert attacked | EXEMPT.keys() == wanted
    assert attacked.isdisjoint(EXEMPT)
    assert {endpoint for method, endpoint, *_rest in ROWS if method == "GET"} <= {
        endpoint for endpoint, _path in world.addresses("aalen", "GET")
    }


def test_the_victim_owns_a_row_of_every_kind_that_can_be_somebodys(world: Rivals) -> None:
    with world.app.app_context():
        for side in world.sides:
            for table in Base.metadata.sorted_tables:
                found = world.rows(table, side)
                assert found is None or found or table.name in NOBODYS | EMPTY.keys() or table.name in LEFT_EMPTY, (
                    table.name, side)  # fmt: skip
    tables = {table.name: table for table in Base.metadata.sorted_tables}
    assert tables.keys() >= EVERYBODYS.keys() | NOBODYS | EMPTY.keys()
    for name, columns in MOVED_BY_RIGHT.items():
        assert set(tables[name].columns.keys()) >= columns


LEFT_EMPTY = {"proposal_link", "proposal_builder", "briefing", "decision_record", *OF_PACKAGES}
"""Parts of a proposal or package that it need not have: a row that appears in them is a change too."""


@pytest.mark.parametrize(("attacker", "victim"), [("celle", "aalen"), ("aalen", "celle")])
def test_whatever_one_partner_sends_the_other_partners_things_stay_as_they_are(
    world: Rivals, attacker: str, victim: str
) -> None:
    who, forged = world.sides[attacker], world.forged(victim)
    before, attacks = world.fingerprint(victim), 0
    for feature, addresses in groupby(world.addresses(victim, "POST"), key=lambda address: address[0].split(".")[0]):
        browser = sign_in(world.app, who.person_id, who.membership_id)
        for endpoint, path in addresses:
            if endpoint in EXEMPT:
                continue
            if endpoint in LAST:
                browser = sign_in(world.app, who.person_id, who.membership_id)
            named = forged | {"acting_for": str(world.sides[victim].partner_id)}
            header = {"X-Partner-Id": str(world.sides[victim].partner_id), "X-HTTP-Method-Override": "DELETE"}
            for partial, url in ((False, path), (True, f"{path}?partner_id={forged['partner_id']}")):
                valid = forms(world.people).get(endpoint, {})  # Anew: a file can be sent only once.
                body = {**forged, **valid} if partial else {**valid, **named}
                answer = browser.post(url, data=body, partial=partial, headers=header)
                attacks += 1
                assert answer.status_code < 500, (endpoint, path)
                assert not leaked(answer, who, body), (endpoint, path)
        assert endpoint in LAST or browser.get("/account").status_code == 200, f"{feature} was attacked signed out"
        after = world.fingerprint(victim)
        assert {name for name in before if before[name] != after[name]} == set(), feature
    assert attacks > 2 * len(world.app.url_map._rules_by_endpoint) / 3


@pytest.mark.parametrize("attacker", ["gast", "rolf", "cleo"])
def test_nothing_of_a_partners_people_leaks_by_any_address(
    world: Rivals, people: Cast, attacker: str, database_url: str
) -> None:
    ways = (False, True) if database_url.startswith("sqlite") else (False,)  # A part is of the same templates.
    who = getattr(people, attacker, None)
    browser: Any = sign_in(world.app, who.person_id, who.membership_id) if who else world.app.test_client()
    for endpoint, path in world.addresses("aalen", "GET"):
        if endpoint == "live.stream":
            continue
        for partial in ways:
            answer = browser.get(path, partial=partial)
            assert answer.status_code < 500, path
            assert not leaked(answer, who), (endpoint, path)
            if who is None:
                told = re.search(r"\b(Ada|Ben|Cleo)\b|Grund von aalen|Nur wenn aalen", answer.text)
                assert told is None, (endpoint, path, told)
            answer.close()


OWN = {
    "aalen": {"ada@example.org", "ben@example.org", "neu-aalen@example.org", "subjekt-aalen", "login.example",
              "umzug-aalen@example.org"},
    "celle": {"cleo@example.org", "carl@example.org", "neu-celle@example.org", "subjekt-celle", "login.example",
              "umzug-celle@example.org"},
}  # fmt: skip
"""A delegate looks after the people of the own partner and sees their addresses; and has all of the own data."""


def leaked(answer: Any, who: Who | None, sent: Mapping[str, Any] = MappingProxyType({})) -> set[str]:
    """Addresses and secrets of others in an answer; what one has sent oneself may come back in the form."""
    own = {str(value) for value in sent.values()} | ({who.actor.email} if who else set())
    if who and who.actor.partner and who.actor.is_delegate:
        own |= OWN[who.actor.partner.slug]
    body = answer.data
    if answer.mimetype == "application/zip":
        with zipfile.ZipFile(io.BytesIO(body)) as box:
            body = b"".join(map(box.read, box.namelist()))
    return set(PRIVATE.findall(body.decode("utf-8", "replace"))) - own


def test_the_fingerprint_sees_every_kind_of_change(world: Rivals, app: Flask) -> None:
    """The trial itself is tried: what the victim does shows in the tables that the others are kept from."""
    before = world.fingerprint("aalen")
    ada: Browser = sign_in(app, world.people.ada.person_id, world.people.ada.membership_id)
    proposal, package = f"/proposals/FV-{world.proposals['aalen']}", f"/packages/AP-{world.packages['aalen']}"
    for path, form in (
        (f"{proposal}/ballot", {"choice": "for"}),
        (f"{package}/hand-back", {}),
        (f"/comments/{world.comments['aalen']}/delete", {}),
        (f"{proposal}/reuse", {"gone": "1"}),
        (f"{proposal}/watch", {"stop": "1"}),
        ("/account/mail", {}),
        ("/account/devices/1/forget", {}),
        ("/account/identities/1/disconnect", {}),
        ("/account/recovery-codes", {}),
        (f"/unsubscribe/{world.tokens['aalen']['unsubscribe']}", {}),
        (f"/reset/{world.tokens['aalen']['reset']}", {"password": "Rathausbrunnen plätschert leise"}),
        (f"/confirm-email/{world.tokens['aalen']['confirm']}", {}),
    ):
        assert ada.post(path, data=form).status_code < 400, path
    again: Browser = sign_in(app, world.people.ada.person_id, world.people.ada.membership_id)
    assert again.post("/invitations/1/withdraw").status_code < 400
    after = world.fingerprint("aalen")
    changed = {name for name in before if before[name] != after[name]}
    assert {
        "ballot", "claim", "comment", "reuse", "activity", "login_session", "package", "invitation", "watch",
        "mail_choice", "identity", "device", "recovery_code", "proof", "person", "mail",
    } <= changed  # fmt: skip


# The table of rights itself: what no route reaches today is refused all the same

SHARED = {
    "package.claim": "a free seat is for whoever comes first; a taken one is refused by the verb",
    "package.support": "everybody may help",
    "package.create": "everybody may divide a proposal",
    "variant.divide": "everybody may divide the return of a variant, too",
    "learning.write": "makes something of one's own",
    "learning.thank": "says so for one's own partner",
    "package.bid": "an offer is one's own partner's",
    "proposal.propose": "makes something of one's own",
    "duplicate.suggest": "whoever has a seat may say so; a product owner decides",
    "view.save": "the row is made for whoever asks",
    "workshop.join": "says that one's own partner is there",
    "comment.write": "everybody may speak under it",
    "watch.start": "the row is made for whoever asks",
    "watch.stop": "the row is found by whoever asks",
    **dict.fromkeys(
        ("issue.link", "issue.propose", "issue.package", "issue.snooze", "issue.dismiss", "issue.undo", "issue.join",
         "issue.part"),
        "the inbox is worked off together by all public bodies",
    ),
}  # fmt: skip
"""Verbs that a delegate or a provider of another partner may use, and why that takes nothing away."""


@pytest.mark.parametrize("attacker", ["cleo", "rolf"])
def test_no_verb_lets_other_partners_people_touch_what_is_not_theirs(people: Cast, attacker: str) -> None:
    theirs = SimpleNamespace(
        id=people.ada.person_id, person_id=people.ada.person_id, author_id=people.ada.person_id,
        partner_id=people.aalen, lead_partner_id=people.aalen, email=people.ada.actor.email, of_provider=False,
    )  # fmt: skip
    by = getattr(people, attacker).actor
    for verb in policy.VERBS:
        for acting in (by, replace(by, is_deputy=True), replace(by, role="delegate"), replace(by, role="member")):
            assert not policy.allowed(acting, verb, theirs) or verb in SHARED, verb
        assert not policy.allowed(policy.ANONYMOUS, verb, theirs), verb
    assert policy.VERBS.keys() >= SHARED.keys()


def test_another_provider_cannot_take_an_offer_back(people: Cast) -> None:
    acting = people.rolf.actor.partner
    assert acting
    other = replace(people.rolf.actor, partner=replace(acting, id=99))
    offered = SimpleNamespace(partner_id=people.provider)
    assert policy.allowed(people.rolf.actor, "package.withdraw_bid", offered)
    assert not policy.allowed(other, "package.withdraw_bid", offered)
