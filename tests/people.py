"""Named people: Ada delegates for Aalen, Ben is her colleague, Cleo delegates for Celle, Dora administers,
Pia is product owner, Rolf works for a provider, Gast is nobody."""

from dataclasses import dataclass

from board.accounts.models import Membership, Person
from board.accounts.session import as_actor
from board.db import db
from board.partners.models import Electorate, Partner
from board.policy import Actor
from board.proposals.models import Topic

PASSWORD = "gemeinsam-stadt-app"


@dataclass(frozen=True)
class Who:
    """A person with a seat, and the actor they are."""

    person_id: int
    membership_id: int | None
    partner_id: int | None
    actor: Actor


@dataclass(frozen=True)
class Cast:
    """Everybody, and the partners and topics they live with (ids)."""

    ada: Who
    ben: Who
    cleo: Who
    dora: Who
    pia: Who
    rolf: Who
    aalen: int
    celle: int
    dorsten: int
    provider: int
    defects: int
    transport: int


def populate() -> Cast:
    """Create everybody; call it inside a transaction. Dorsten votes too but has nobody on the board yet."""
    aalen = _partner("aalen", "Aalen", "AA", "08136088")
    celle = _partner("celle", "Celle", "CE", "03351006")
    dorsten = _partner("dorsten", "Dorsten", "DO", "05562012")
    works = Partner(slug="werk", name="Werk GmbH", sign="WE", kind="provider", votes=False)
    topics = [
        Topic(slug="maengelmelder", label_de="Mängelmelder", label_en="Defect reporting"),
        Topic(slug="oepnv-auskunft", label_de="ÖPNV-Auskunft", label_en="Public transport information"),
    ]
    db.session.add_all([aalen, celle, dorsten, works, *topics])
    db.session.get_one(Electorate, Electorate.ONLY).size = 3
    db.session.flush()
    return Cast(
        ada=_person("Ada", aalen, "delegate"),
        ben=_person("Ben", aalen, "member"),
        cleo=_person("Cleo", celle, "delegate"),
        dora=_person("Dora", None, is_admin=True),
        pia=_person("Pia", None, is_product_owner=True),
        rolf=_person("Rolf", works, "member"),
        aalen=aalen.id,
        celle=celle.id,
        dorsten=dorsten.id,
        provider=works.id,
        defects=topics[0].id,
        transport=topics[1].id,
    )


def _partner(slug: str, name: str, sign: str, ags: str) -> Partner:
    return Partner(slug=slug, name=name, sign=sign, ags=ags, kind="municipality", votes=True)


def _person(name: str, partner: Partner | None, role: str = "member", **flags: bool) -> Who:
    person = Person(email=f"{name.lower()}@example.org", name=name, **flags)
    db.session.add(person)
    db.session.flush()
    seat = None
    if partner:
        seat = Membership(person_id=person.id, partner_id=partner.id, role=role)
        db.session.add(seat)
        db.session.flush()
    return Who(person.id, seat.id if seat else None, partner.id if partner else None, as_actor(person, seat, partner))
