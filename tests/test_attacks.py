"""Two partners' people attack each other: every route that changes something, with the other's objects and forged
fields. Generated from the routes, so a new one is attacked as soon as it is there. Nothing moves, nothing leaks.

What a partner may do to a shared thing (comment under it, vote on it, support it) is no attack: compared are the
victim's own rows, and of shared rows what only the victim decides.
"""

import hashlib
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from itertools import groupby, product
from types import MappingProxyType
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Table, or_, select, true

from board.accounts.models import Person, Role
from board.db import Base, db, now, transaction
from board.joining import verbs as joining
from board.partners.models import Partner
from board.voting import ballots, offers, reuses
from board.voting.models import Condition, OfferKind, ReuseStatus
from tests.conftest import Browser, sign_in
from tests.factories import cast, claim, comment, make_package, make_proposal, offer
from tests.people import Cast, Who
from tests.test_rights import forms, secure
from tests.webhooks.forge import Forge, github_issue

SHARED = {
    "proposal": {"id", "title", "summary", "text", "state", "partner_id", "author_id", "vote_by", "topic_id"},
    "package": {"id", "lead_partner_id", "state", "held_at", "commissioned", "author_id"},
    "partner": None,  # All of it is the victim's.
    "person": None,
}
"""Tables whose rows others may touch by right: the columns that only their owner decides (None: all)."""
NOBODYS = {"setting", "topic", "label_rule", "connection", "connection_secret", "electorate"}
"""Tables in which no delegate may change anything: all of their rows count."""
LAST = ("accounts.sign_out", "accounts.sign_out_everywhere", "privacy.erase")
DOORS = {"accounts.sign_in", "hooks.receive", "factors.code"}
PRIVATE = re.compile(r"[\w.+-]+@example\.org|\$argon2|geheim")


class World:
    """Aalen (Ada, Ben) and Celle (Cleo, Carl), each with one of everything; and what belongs to whom."""

    def __init__(self, app: Flask, people: Cast) -> None:
        self.app, self.people = app, people
        with app.app_context():
            with transaction():
                carl = Person(email="carl@example.org", name="Carl", password_hash="$argon2-geheim")
                db.session.add(carl)
            self.sides = {"aalen": people.ada, "celle": people.cleo}
            self.persons = {"aalen": [people.ada.person_id, people.ben.person_id], "celle": [people.cleo.person_id]}
            self.proposals = {name: make_proposal(people, by=who.actor, title=name) for name, who in self.sides.items()}
            self.packages, self.comments, self.invitations = {}, {}, {}
            for name, who in self.sides.items():
                self._furnish(name, who)
            with transaction():
                secure(people)
        Forge(app, "github").post(github_issue())
        for who in self.sides.values():
            sign_in(app, who.person_id, who.membership_id)

    def _furnish(self, name: str, who: Who) -> None:
        """Ballots on both proposals, an offer, a condition, reuse, a comment, a package that it leads."""
        for proposal_id in self.proposals.values():
            cast(self.people, proposal_id, "against", who.actor, reason=f"Grund von {name}")
        mine = self.proposals[name]
        offer(self.people, mine, "use", who.actor)
        with transaction():
            offers.confirm(ballots.locked(mine, who.actor), OfferKind.USE, "Rat", now().date(), who.actor)
            reuses.record(ballots.locked(mine, who.actor), reuses.Record(ReuseStatus.PLANNED), who.actor)
            db.session.add(Condition(proposal_id=mine, partner_id=who.partner_id, text=f"Nur wenn {name}"))
        self.comments[name] = comment(who.actor, f"Wort von {name}", proposal_id=mine)
        self.packages[name] = make_package(self.people, mine, by=who.actor)
        claim(self.packages[name], who.actor)
        with transaction():
            partner = db.session.get_one(Partner, who.partner_id)
            self.invitations[name] = joining.invite(f"neu-{name}@example.org", partner, Role.MEMBER, who.actor).id

    def fingerprint(self, victim: str) -> dict[str, str]:
        """A hash per table over the rows of the victim."""
        partner_id, persons = self.sides[victim].partner_id, self.persons[victim]
        with self.app.app_context():
            return {
                table.name: hash_
                for table in Base.metadata.sorted_tables
                if (hash_ := _hash(table, partner_id, persons)) is not None
            }

    def addresses(self, victim: str, method: str) -> Iterator[tuple[str, str]]:
        """(endpoint, path) of every route of this method, with the victim's objects in it."""
        who = self.sides[victim]
        samples: dict[str, list[Any]] = {
            "proposal_id": [self.proposals[victim]], "package_id": [self.packages[victim]],
            "comment_id": [self.comments[victim]], "slug": [victim], "person_id": [who.person_id],
            "invitation_id": [self.invitations[victim]], "membership_id": [who.membership_id],
            "name": ["imprint"], "provider": ["github"], "public_id": ["0123456789abcdef"],
        }  # fmt: skip
        adapter = self.app.url_map.bind("localhost")
        rules = [rule for rule in self.app.url_map.iter_rules() if method in (rule.methods or ())]
        for rule in sorted(rules, key=lambda rule: (rule.endpoint in LAST, rule.endpoint, rule.rule)):
            names = sorted(rule.arguments)
            if rule.endpoint == "static" or rule.endpoint in DOORS:
                continue
            for values in product(*(samples.get(name, [1, 2]) for name in names)):
                yield rule.endpoint, adapter.build(rule.endpoint, dict(zip(names, values, strict=True)))

    def forged(self, victim: str) -> dict[str, Any]:
        """Fields that claim to be the victim's doing."""
        who = self.sides[victim]
        ours = dict.fromkeys(("partner", "partner_id", "about_id", "lead_partner_id"), who.partner_id)
        ours |= dict.fromkeys(("person", "person_id", "author_id"), who.person_id)
        ours |= dict.fromkeys(("membership", "membership_id"), who.membership_id)
        return ours | {
            "partner_slug": victim, "as": victim, "by": victim, "session_id": 1, "role": "delegate", "is_admin": "1",
            "is_product_owner": "1", "state": "declined", "id": 1, "version": "1",
        }  # fmt: skip


def _hash(table: Table, partner_id: int | None, persons: list[int]) -> str | None:
    columns = table.columns
    owners = [columns[name].in_([partner_id]) for name in ("partner_id", "lead_partner_id") if name in columns]
    owners += [columns[name].in_(persons) for name in ("person_id", "author_id") if name in columns]
    if table.name == "partner":
        owners = [columns.id == partner_id]
    if table.name == "person":
        owners = [columns.id.in_(persons)]
    if table.name in NOBODYS:
        owners = [true()]
    if not owners:
        return None
    kept = SHARED.get(table.name) or set(columns.keys())
    wanted = [column for column in columns if column.name in kept]
    rows = sorted(map(repr, db.session.execute(select(*wanted).where(or_(*owners))).all()))
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


@pytest.fixture
def world(app: Flask, people: Cast) -> World:
    """The two partners."""
    return World(app, people)


@pytest.mark.parametrize(("attacker", "victim"), [("celle", "aalen"), ("aalen", "celle")])
def test_whatever_one_partner_sends_the_other_partners_things_stay_as_they_are(
    world: World, attacker: str, victim: str
) -> None:
    who, forged = world.sides[attacker], world.forged(victim)
    before, attacks = world.fingerprint(victim), 0
    for feature, addresses in groupby(world.addresses(victim, "POST"), key=lambda address: address[0].split(".")[0]):
        browser = sign_in(world.app, who.person_id, who.membership_id)
        for endpoint, path in addresses:
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
    assert attacks > 100


@pytest.mark.parametrize("attacker", ["gast", "rolf", "cleo"])
def test_nothing_of_a_partners_people_leaks_by_any_address(world: World, people: Cast, attacker: str) -> None:
    who = getattr(people, attacker, None)
    browser: Any = sign_in(world.app, who.person_id, who.membership_id) if who else world.app.test_client()
    for endpoint, path in world.addresses("aalen", "GET"):
        if endpoint == "live.stream":
            continue
        for partial in (False, True):
            answer = browser.get(path, partial=partial)
            assert answer.status_code < 500, path
            assert not leaked(answer, who), (endpoint, path)
            if who is None:
                told = re.search(r"\b(Ada|Ben|Cleo)\b|Grund von aalen|Nur wenn aalen", answer.text)
                assert told is None, (endpoint, path, told)
            answer.close()


OWN_PEOPLE = {
    "aalen": {"ada@example.org", "ben@example.org", "neu-aalen@example.org"},
    "celle": {"cleo@example.org", "carl@example.org", "neu-celle@example.org"},
}
"""A delegate looks after the people of the own partner and sees their addresses."""


def leaked(answer: Any, who: Who | None, sent: Mapping[str, Any] = MappingProxyType({})) -> set[str]:
    """Addresses and secrets of others in an answer; what one has sent oneself may come back in the form."""
    own = {str(value) for value in sent.values()} | ({who.actor.email} if who else set())
    if who and who.actor.partner and who.actor.is_delegate:
        own |= OWN_PEOPLE[who.actor.partner.slug]
    body = answer.data
    if answer.mimetype == "application/zip":
        with zipfile.ZipFile(io.BytesIO(body)) as box:
            body = b"".join(map(box.read, box.namelist()))
    return set(PRIVATE.findall(body.decode("utf-8", "replace"))) - own


def test_the_fingerprint_sees_every_kind_of_change(world: World, app: Flask) -> None:
    """The trial itself is tried: what the victim does shows in the tables that the others are kept from."""
    before = world.fingerprint("aalen")
    ada: Browser = sign_in(app, world.people.ada.person_id, world.people.ada.membership_id)
    ada.post(f"/proposals/FV-{world.proposals['aalen']}/ballot", data={"choice": "for"})
    ada.post(f"/packages/AP-{world.packages['aalen']}/hand-back")
    ada.post(f"/comments/{world.comments['aalen']}/delete")
    ada.post(f"/proposals/FV-{world.proposals['aalen']}/reuse", data={"remove": "1"})
    ada.post(f"/invitations/{world.invitations['aalen']}/withdraw")
    after = world.fingerprint("aalen")
    changed = {name for name in before if before[name] != after[name]}
    assert {"ballot", "claim", "comment", "reuse", "activity", "login_session", "package", "invitation"} <= changed
    assert {
        "offer",
        "condition",
        "person",
        "membership",
        "partner",
        "authenticator",
        "identity",
        "device",
        "invitation",
        "setting",
        "connection",
        "label_rule",
    } <= before.keys()
