"""Two partners with one of everything that can belong to somebody, and what belongs to whom: for trials of attack.

Every table and every part of an address is told here or the trial fails, so that nothing new can be forgotten.
"""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Any

from flask import Flask
from sqlalchemy import Table, or_, select, true

from board import vault
from board.accounts import links
from board.accounts.devices import token_hash
from board.accounts.models import (
    AccessToken,
    Authenticator,
    Device,
    Identity,
    Person,
    RecoveryCode,
    Role,
    Suggestion,
)
from board.api.models import KeptAnswer
from board.consent.models import Objection
from board.credentials import verbs as credentials
from board.credentials.models import Proof
from board.db import Base, db, now, transaction
from board.duplicates.models import Duplicate
from board.estimates.models import Estimate
from board.factors import codes
from board.i18n import today
from board.issues import rules
from board.joining import verbs as joining
from board.joining.models import Invitation
from board.learnings.models import Useful
from board.mail import outbox
from board.milestones.models import Milestone
from board.notifications import links as unsubscribing
from board.notifications import verbs as notifications
from board.notifications.models import Sort, Told
from board.ordering.models import Batch
from board.partners.models import Partner
from board.policy import SYSTEM
from board.proposals.models import Decision
from board.reuse import asking
from board.saved.models import SavedView
from board.voting import ballots, offers, reuses
from board.voting.models import Condition, OfferKind, Reuse, ReuseStatus
from board.workshops.models import Attendance, Draft
from tests.conftest import HASH, sign_in
from tests.factories import cast, claim, comment, learn, make_package, make_proposal, meet, offer, vary, webhook
from tests.people import Cast, Who
from tests.webhooks.forge import Forge, github_issue

ISSUER = "https://login.example"

OF_PROPOSALS = {"proposal_link", "proposal_builder", "condition", "decision", "decision_record", "briefing"}
OF_PACKAGES = {"package_link", "package_dependency", "package_skill"}
"""Tables whose rows belong to whoever the proposal or package belongs to, beside the columns above."""
MOVED_BY_RIGHT = {
    "proposal": {
        "n_for", "n_against", "n_abstain", "contest", "n_comments", "n_packages", "n_free", "n_live", "coalition",
        "active_at", "version", "search", "effort_low", "effort_high", "effort_until", "strength",
        "work_effort",
    },
    "package": {"n_comments", "active_at", "version", "search"},
    "variant": {"version"},
    "learning": {"version"},
}  # fmt: skip
"""What others change on somebody's thing by voting, commenting, estimating, dividing it: counters, sums and marks."""
NOBODYS = {
    "setting", "topic", "label_rule", "connection", "connection_secret", "connection_repository", "repository",
    "backfill", "delivery", "electorate", "installation", "suggestion", "milestone", "merger", "workshop",
    "agenda_item", "minutes", "outgoing_endpoint", "outgoing_secret", "outgoing_delivery",
    "module_file", "app_file",
}  # fmt: skip
"""Tables in which no delegate may change anything: all of their rows count."""
EVERYBODYS = {
    "throttle": "counts attempts of whoever tries",
    "task_lock": "the jobs' own bookkeeping",
    "log_cursor": "the jobs' own bookkeeping",
    "seal": "follows the record, and is guarded by triggers",
    "proposal_count": "counts the proposals that anybody may make",
    "slip": "sums of the proposals and packages that anybody may make",
    "issue": "the inbox is worked off together by all public bodies",
    "issue_link": "the inbox is worked off together by all public bodies",
    "issue_source": "the inbox is worked off together by all public bodies",
    "development": "written by forges alone",
    "return_package": "anybody may divide a return into packages, as a proposal",
}
"""Tables that belong to nobody, and why."""
EMPTY = {"bid": "only providers offer; see the trial of the table of rights"}
"""Tables in which neither side owns a row, and why."""


def calendar(name: str) -> str:
    """The token in the address of a side's calendar."""
    return f"strd_{name:x<43}"


class Rivals:
    """Aalen (Ada, Ben) and Celle (Cleo, Carl), each with one of everything; and what belongs to whom."""

    def __init__(self, app: Flask, people: Cast) -> None:
        self.app, self.people = app, people
        with app.app_context():
            with transaction():
                carl = Person(email="carl@example.org", name="Carl", password_hash="$argon2-geheim")
                db.session.add(carl)
                db.session.flush()
                self.persons = {"aalen": [people.ada.person_id, people.ben.person_id],
                                "celle": [people.cleo.person_id, carl.id]}  # fmt: skip
            self.sides = {"aalen": people.ada, "celle": people.cleo}
            self.proposals = {name: make_proposal(people, by=who.actor, title=name) for name, who in self.sides.items()}
            self.packages: dict[str, int] = {}
            self.comments: dict[str, int] = {}
            for name, who in self.sides.items():
                self._furnish(name, who)
                self._secure(name, who)
            self._meet()
        forge = Forge(app, "github")
        forge.post(github_issue())
        with app.app_context(), transaction():
            rules.put(SYSTEM, forge.id, "iOS", "dismiss")
            db.session.add(Milestone(name="Herbst"))
            webhook()
        for who in self.sides.values():
            sign_in(app, who.person_id, who.membership_id)
        with app.app_context():
            self.tokens = {name: self._tokens(name) for name in self.sides}

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
            db.session.add(Estimate(proposal_id=mine, partner_id=who.partner_id, person_id=who.person_id, low=1, high=2,
                                    valid_until=today() + timedelta(days=30)))  # fmt: skip
            db.session.add(Decision(proposal_id=mine, outcome="deferred", body="Rat", decided_on=today(), reason="Geld",
                                    n_for=0, n_against=2, n_abstain=0, electorate_size=3))  # fmt: skip
            db.session.add(Objection(proposal_id=mine, partner_id=who.partner_id, reason=f"Einwand von {name}"))
        vary(who.actor, mine)
        learning = learn(who.actor, f"FV-{mine}")
        with transaction():
            db.session.add(Useful(learning_id=learning, partner_id=who.partner_id))
        self.comments[name] = comment(who.actor, f"Wort von {name}", proposal_id=mine)
        self.packages[name] = make_package(self.people, mine, by=who.actor)
        claim(self.packages[name], who.actor)

    def _meet(self) -> None:
        """A workshop at which both were, with a draft for each; and each thinks that the proposals say the same."""
        workshop, (one, two) = meet(self.people), self.proposals.values()
        with transaction():
            for (name, who), other in zip(self.sides.items(), (two, one), strict=True):
                partner_id, mine = who.partner_id, self.proposals[name]
                db.session.add_all((
                    Attendance(workshop_id=workshop, partner_id=partner_id),
                    Draft(workshop_id=workshop, proposal_id=mine, partner_id=partner_id, choice="for"),
                    Duplicate(proposal_id=mine, of_id=other, partner_id=partner_id, person_id=who.person_id),
                ))  # fmt: skip

    def _secure(self, name: str, who: Who) -> None:
        """An invitation, a password, a second factor, a device, an identity, links in mail, choices and watches."""
        person_id = who.person_id
        with transaction():
            partner = db.session.get_one(Partner, who.partner_id)
            joining.invite(f"neu-{name}@example.org", partner, Role.MEMBER, who.actor)
            person = db.session.get_one(Person, person_id)
            person.password_hash = HASH
            credentials.ask_email(person, f"umzug-{name}@example.org", who.actor)
            credentials.ask_reset(person.email, "de")
            notifications.choose(person, {Sort.WEEKLY.value, Sort.MENTIONS.value}, who.actor)
            for key in (f"FV-{self.proposals[name]}", f"AP-{self.packages[name]}"):
                notifications.watch(key, who.actor)
            outbox.put("password-changed", to=person_id)
            token = AccessToken(token_hash=token_hash(calendar(name)), ending=name[-4:], person_id=person_id,
                                name=f"Von {name}", scopes=["calendar"],
                                expires_at=now() + timedelta(days=1))  # fmt: skip
            db.session.add(token)
            db.session.flush()
            db.session.add_all((
                KeptAnswer(token_id=token.id, person_id=person_id, key=name, asked=name, status=201),
                Authenticator(person_id=person_id, secret_box=vault.seal(codes.new_secret(), codes.purpose(person_id))),
                RecoveryCode(person_id=person_id, code_hash=codes.kept(person_id, f"abcd-efgh-jkmn-{name}")),
                Device(token_hash=f"geheim-{name}", person_id=person_id, remembered_until=now() + timedelta(days=1)),
                Identity(person_id=person_id, issuer=ISSUER, subject=f"subjekt-{name}"),
                Suggestion(person_id=self.persons[name][1], partner_id=self.people.dorsten, issuer=ISSUER),
                Told(person_id=person_id, what="digest-2026-01"),
                Batch(person_id=person_id, kind="effort"),
                SavedView(name=f"Sicht von {name}", face="list", query="state=open", audience="partner",
                          person_id=person_id, partner_id=who.partner_id, beginning=True),
            ))  # fmt: skip

    def _tokens(self, name: str) -> dict[str, str]:
        """The links that lie in a side's mail, by the route's feature."""
        who = self.sides[name]
        mine = Proof.email.in_((who.actor.email, f"umzug-{name}@example.org"))
        proof = {
            p.purpose: links.token(p.purpose, p.id, p.nonce) for p in db.session.scalars(select(Proof).where(mine))
        }
        invitation = db.session.scalars(select(Invitation).where(Invitation.partner_id == who.partner_id)).one()
        reuse = db.session.scalars(select(Reuse.id).where(Reuse.partner_id == who.partner_id)).one()
        return {
            "reset": proof["reset"], "confirm": proof["email"],
            "join": links.token("invitation", invitation.id, invitation.nonce),
            "unsubscribe": unsubscribing.path(who.person_id, Sort.WEEKLY).rpartition("/")[2],
            "reuse": asking.token(reuse, who.person_id), "calendar": calendar(name),
        }  # fmt: skip

    def fingerprint(self, victim: str) -> dict[str, str]:
        """A hash per table over the rows of the victim, for every table that is not everybody's."""
        with self.app.app_context():
            rows = {table.name: self.rows(table, victim) for table in Base.metadata.sorted_tables}
        return {
            name: hashlib.sha256("\n".join(found).encode()).hexdigest()
            for name, found in rows.items()
            if found is not None
        }

    def rows(self, table: Table, victim: str, *, id_only: bool = False) -> list[str] | None:
        """What of a table is the victim's; None where the table is everybody's, KeyError where nobody has said."""
        columns, partner_id = table.columns, self.sides[victim].partner_id
        owners = [columns[name] == partner_id for name in ("partner_id", "lead_partner_id") if name in columns]
        owners += [
            columns[name].in_(self.persons[victim]) for name in ("person_id", "author_id", "by_id") if name in columns
        ]
        if table.name in OF_PROPOSALS:
            owners.append(columns.proposal_id == self.proposals[victim])
        if table.name in OF_PACKAGES:
            owners.append(columns.package_id == self.packages[victim])
        if table.name == "partner":
            owners = [columns.id == partner_id]
        if table.name == "person":
            owners = [columns.id.in_(self.persons[victim])]
        if table.name in NOBODYS:
            owners = [true()]
        if table.name in EVERYBODYS:
            return None
        if not owners:
            raise KeyError(f"Whose are the rows of {table.name}? Say so in tests/rivals.py.")
        wanted = [column for column in columns if column.name not in MOVED_BY_RIGHT.get(table.name, ())]
        if id_only:
            return [str(number) for number in db.session.scalars(select(columns.id).where(or_(*owners)))]
        return sorted(map(repr, db.session.execute(select(*wanted).where(or_(*owners))).all()))

    def addresses(self, victim: str, method: str) -> Iterator[tuple[str, str]]:
        """(endpoint, path) of every route of this method, with the victim's objects in it."""
        samples, adapter = self._samples(victim), self.app.url_map.bind("localhost")
        rules_ = [rule for rule in self.app.url_map.iter_rules() if method in (rule.methods or ())]
        if method != "GET":  # The API takes no browser's word; tests/test_api_rights.py attacks it with tokens.
            rules_ = [rule for rule in rules_ if not rule.endpoint.startswith("api.")]
        for rule in sorted(rules_, key=lambda rule: (rule.endpoint in LAST, rule.endpoint, rule.rule)):
            names = sorted(rule.arguments)
            if {"token", "signed"} & set(names):
                kinds = [self._forged_links(rule.rule, victim)]
            else:
                given = rule._converters.items()
                choices = {name: [*converter.items] for name, converter in given if hasattr(converter, "items")}
                kinds = [samples.get(name) or choices.get(name) or self._numbers(name, victim) for name in names]
            for values in product(*kinds):
                yield rule.endpoint, adapter.build(rule.endpoint, dict(zip(names, values, strict=True)))

    def _numbers(self, name: str, victim: str) -> list[int]:
        """The victim's rows that a part of an address such as `variant_id` can stand for."""
        table = Base.metadata.tables.get(TABLES.get(name) or name.removesuffix("_id"))
        with self.app.app_context():
            found = self.rows(table, victim, id_only=True) if table is not None else None
        assert found, f"What does {name} stand for, and which is {victim}'s? Furnish it in tests/rivals.py."
        return list(map(int, found))

    def _samples(self, victim: str) -> dict[str, list[Any]]:
        who, persons = self.sides[victim], self.persons[victim]
        shared = ("issue_id", "topic_id", "connection_id", "delivery_id", "rule_id", "secret_id", "repository_id",
                  "endpoint_id")  # fmt: skip
        return {name: [1] for name in shared} | {
            "proposal_id": [self.proposals[victim]], "package_id": [self.packages[victim]],
            "comment_id": [self.comments[victim]], "slug": [victim], "person_id": persons,
            "membership_id": [who.membership_id], "name": ["imprint", "proposals"], "provider": ["github"],
            "public_id": ["0123456789abcdef"],
        }  # fmt: skip

    def _forged_links(self, rule: str, victim: str) -> list[str]:
        """What an attacker can make without the victim's mailbox: near misses, what the database holds, own links."""
        feature = {"confirm-email": "confirm"}.get(name := rule.strip("/").split("/")[0], name)
        (other,) = set(self.sides) - {victim}
        real, own = self.tokens[victim][feature], self.tokens[other]
        other_letter = "A" if real[-2] != "A" else "B"  # Not the last one: in base64 some of its bits mean nothing.
        forged = [
            real[:-2] + other_letter + real[-1],
            links.kept(real),
            *(link for name, link in own.items() if name != feature),
        ]
        if feature == "unsubscribe":  # Their own mark under the victim's number.
            forged.append(f"{self.sides[victim].person_id}-{own[feature].partition('-')[2]}")
        return forged

    def forged(self, victim: str) -> dict[str, Any]:
        """Fields that claim to be the victim's doing."""
        who = self.sides[victim]
        ours = dict.fromkeys(("partner", "partner_id", "about_id", "lead_partner_id"), who.partner_id)
        ours |= dict.fromkeys(("person", "person_id", "author_id"), who.person_id)
        ours |= dict.fromkeys(("membership", "membership_id"), who.membership_id)
        return ours | {
            "partner_slug": victim, "as": victim, "by": victim, "session_id": 1, "role": "delegate", "is_admin": "1",
            "is_product_owner": "1", "state": "declined", "id": 1, "version": "1", "subject": f"subjekt-{victim}",
            "issuer": ISSUER, "key": f"FV-{self.proposals[victim]}", "email": who.actor.email,
        }  # fmt: skip


TABLES = {"session_id": "login_session", "token_id": "access_token", "item_id": "agenda_item", "view_id": "saved_view"}
"""Where a part of an address is not called after its table."""
LAST = ("accounts.sign_out", "accounts.sign_out_everywhere", "privacy.erase")
"""What ends the attacker's own session, or account: tried when everything else was."""
