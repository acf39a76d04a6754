"""The real part of the demo: partners, topics, imported proposals with their sources, and who runs what.

People are invented. They come before the proposals, so that everything after is done by somebody.
"""

from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from board.accounts import verbs as accounts
from board.accounts.models import Person, Role
from board.accounts.passwords import hash_password
from board.accounts.session import as_actor
from board.activity.models import act
from board.db import db
from board.demo.world import World, read
from board.partners import verbs as partners
from board.partners.models import Kind, Partner
from board.policy import SYSTEM
from board.proposals.models import Topic
from board.proposals.states import State
from board.proposals.writing import Draft, Link, import_
from board.voting import tallies
from board.voting.models import Reuse

SOURCES = {"participation": "Beteiligung", "statistics": "Einwohnerzahl und AGS"}


def join(world: World) -> None:
    """All partners, from the official figures; the fictional ones are marked as such."""
    for row in read("partners"):
        partner = partners.create(SYSTEM, _facts(row, world))
        world.partners[partner.slug] = partner.id


def _facts(row: dict[str, Any], world: World) -> partners.Facts:
    counted = row["population_as_of"]
    return partners.Facts(
        slug=row["slug"],
        name=row["name"],
        sign=row["sign"],
        kind=Kind(row["kind"]),
        votes=row["votes"],
        official_name=row["official_name"] or "",
        ags=row["ags"],
        state=row["state"] or "",
        population=row["population"],
        population_on=date.fromisoformat(counted) if counted else None,
        contact=row["contact"] or "",
        funded_until=world.day(row.get("funded_until_in_days")),  # Of a fictional one only.
        cohort=row["mpsc_cohort"],
        sources=[_source(source) for source in row["sources"]],
        fictional=row["fictional"],
    )


def _source(source: dict[str, str]) -> tuple[str, str]:
    title = SOURCES.get(source["kind"], source["kind"])
    return f"{title} ({urlsplit(source['url']).hostname})", source["url"]


def name_topics(world: World) -> None:
    """The topic values of the Fraunhofer IESE city-app module schema."""
    for row in read("topics"):
        topic = Topic(slug=row["slug"], label_de=row["label_de"], label_en=row["label_en"])
        db.session.add(topic)
        db.session.flush()
        world.topics[topic.slug] = topic.id


def enrol(world: World, scenario: dict[str, Any]) -> None:
    """The invented people with their seats. The demo's password is public, hence hashed once and not by the verb."""
    hashed = hash_password(scenario["password"])
    for row in scenario["people"]:
        person = Person(email=row["email"], name=row["name"], password_hash=hashed)
        db.session.add(person)
        db.session.flush()
        act(SYSTEM, "person.create", person, person=person.id)
        if row["product_owner"] or row["administrator"]:
            accounts.appoint(person, SYSTEM, product_owner=row["product_owner"], admin=row["administrator"])
        world.actors[person.email, None] = as_actor(person, None, None)
        for place in row["memberships"]:
            _seat(world, person, place)


def _seat(world: World, person: Person, place: dict[str, str]) -> None:
    partner = db.session.get_one(Partner, world.partners[place["partner"]])
    seat = accounts.enrol(person, partner, Role(place["role"]), SYSTEM)
    world.actors.pop((person.email, None), None)
    world.actors[person.email, partner.slug] = as_actor(person, seat, partner)


def bring_in(world: World, scenario: dict[str, Any]) -> Iterator[None]:
    """Import the real proposals in the order of their keys, one a step: those that run somewhere are available."""
    due = {row["proposal"]: row["vote_by_in_days"] for row in scenario["progress"]}
    used = [row for row in scenario["reuse"] if not row["invented"]]
    for row in read("proposals"):
        draft = Draft(
            title=row["title_de"],
            topic_id=world.topics[row["topic"]],
            text=row["text_de"],
            summary=row["summary_de"],
            title_en=row["title_en"],
            text_en=row["text_en"],
            summary_en=row["summary_en"],
            vote_by=world.day(due.get(row["key"])),
            links=tuple(Link(source["title"], source["url"], source=True) for source in row["sources"]),
        )
        builders = [world.partners[slug] for slug in row["built_by"]]
        proposal = import_(SYSTEM, draft, state=State(row["state"]), builders=builders)
        world.proposals[row["key"]] = proposal.id
        _record(world, proposal.id, [use for use in used if use["proposal"] == row["key"]])
        yield


def _record(world: World, proposal_id: int, uses: list[dict[str, Any]]) -> None:
    """Who runs it, as a public source says: nobody of that partner recorded it here, so no verb did."""
    for use in uses:
        reuse = Reuse(
            proposal_id=proposal_id, partner_id=world.partners[use["partner"]], status=use["status"],
            source=use["source"]["url"],
        )  # fmt: skip
        db.session.add(reuse)
    if uses:
        tallies.recount(proposal_id)
