"""Partners that go: what ends, what stays, what goes over, and that every number is right afterwards."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from board.accounts.models import Membership
from board.activity.models import Activity
from board.db import db, transaction
from board.errors import Conflict, Denied, Refusal
from board.i18n import today
from board.partners import leaving, verbs
from board.partners.models import Electorate, Partner
from board.policy import SYSTEM
from board.proposals.models import Proposal
from board.voting import ballots, offers, reuses
from board.voting.models import Ballot, Condition, Offer, OfferKind, Reuse, ReuseStatus
from board.voting.tallies import check_tallies
from board.work.models import Claim, Package
from tests.conftest import Browser, sign_in
from tests.factories import cast, claim, make_package, make_proposal, make_world, offer
from tests.people import Cast


def go(app: Flask, people: Cast, verb: Any, *args: Any, by: Any = None) -> None:
    """Celle goes, on some day before today."""
    with app.app_context(), transaction():
        celle = db.session.get_one(Partner, people.celle)
        others = [db.session.get_one(Partner, arg) for arg in args]
        verb(celle, *others, today() - timedelta(days=3), by or people.dora.actor)


def electorate() -> int:
    """How many vote now."""
    return db.session.scalar(select(Electorate.size)) or 0


def test_a_partner_that_left_keeps_its_record_and_counts_no_more(app: Flask, people: Cast, cleo: Browser) -> None:
    with app.app_context():
        open_, decided = make_proposal(people), make_proposal(people, title="Bäder")
        for number in (open_, decided):
            cast(people, number, "for", by=people.cleo.actor)
            offer(people, number, "pilot", by=people.cleo.actor)
        with transaction():
            db.session.get_one(Proposal, decided).accept(
                people.pia.actor, body="Rat", decided_on=today(), reason="Ja", without_estimate="Klein"
            )
            offers.confirm(
                ballots.locked(decided, people.cleo.actor), OfferKind.PILOT, "Rat", today(), people.cleo.actor
            )
        package = make_package(people, open_)
        claim(package, people.cleo.actor)
    go(app, people, leaving.leave)
    go(app, people, leaving.leave)
    with app.app_context():
        assert electorate() == 2
        assert check_tallies() == []
        assert db.session.get_one(Proposal, open_).n_for == 0
        assert db.session.get_one(Proposal, decided).n_for == 1
        assert db.session.scalar(select(func.count(Ballot.id)).where(Ballot.partner_id == people.celle)) == 2
        kept = db.session.scalars(select(Offer.proposal_id).where(Offer.withdrawn_at.is_(None))).all()
        assert kept == [decided], "what a body has confirmed stays"
        assert db.session.get_one(Package, package).lead_partner_id is None
        assert db.session.scalar(select(Claim.end_reason)) == "handed_back"
        assert db.session.scalar(select(func.count()).where(Membership.partner_id == people.celle,
                                                            Membership.ended_at.is_(None))) == 0  # fmt: skip
        told = db.session.scalars(select(Activity.verb).order_by(Activity.id.desc()).limit(2)).all()
        assert "partner.leave" in told
        assert db.session.scalar(select(Activity.id).where(Activity.verb == "package.free"))
    assert cleo.post(f"/proposals/FV-{open_}/ballot", data={"choice": "for"}).status_code == 403
    page = cleo.get("/partners/celle").text
    assert "ausgetreten am" in page


def test_a_partner_that_left_can_take_part_again(app: Flask, people: Cast) -> None:
    with app.app_context():
        number = make_proposal(people)
        cast(people, number, "for", by=people.cleo.actor)
    go(app, people, leaving.leave)
    with app.app_context():
        with transaction():
            verbs.resume(db.session.get_one(Partner, people.celle), people.dora.actor)
        assert (electorate(), db.session.get_one(Proposal, number).n_for) == (3, 1)
        assert check_tallies() == []


def test_a_merger_follows_its_rules(app: Flask, people: Cast, cleo: Browser) -> None:
    ada, by_cleo = people.ada.actor, people.cleo.actor
    with app.app_context():
        only_celle, both, decided = (make_proposal(people, title=title) for title in ("Eins", "Zwei", "Drei"))
        for number in (only_celle, both, decided):
            cast(people, number, "against", by=by_cleo)
            offer(people, number, "days", by=by_cleo, days=5)
        cast(people, both, "for")
        offer(people, both, "days", days=3)
        with transaction():
            reuses.record(ballots.locked(both, ada), reuses.Record(ReuseStatus.EXAMINING), ada)
            reuses.record(ballots.locked(both, by_cleo), reuses.Record(ReuseStatus.LIVE), by_cleo)
        with transaction():
            db.session.get_one(Proposal, decided).decline(people.pia.actor, body="Rat", decided_on=today(), reason="x")
        led, shared = make_package(people, only_celle), make_package(people, only_celle, title="Texte")
        claim(led, by_cleo)
        claim(shared, by_cleo)
        claim(shared, ada, "support")
    go(app, people, leaving.merge, people.aalen)
    with app.app_context():
        assert check_tallies() == []
        assert electorate() == 2
        held = {
            (b.proposal_id, b.partner_id): (b.choice, b.counted, b.person_id)
            for b in db.session.scalars(select(Ballot))
        }
        cleo_id = people.cleo.person_id
        assert held[only_celle, people.aalen] == ("against", True, cleo_id), "unchanged, and who cast it is still told"
        assert (only_celle, people.celle) not in held
        assert held[both, people.aalen][:2] == ("for", True)
        assert held[both, people.celle][:2] == ("against", False)
        assert held[decided, people.celle] == ("against", True, cleo_id)
        days = {o.proposal_id: o.days for o in db.session.scalars(
            select(Offer).where(Offer.partner_id == people.aalen, Offer.withdrawn_at.is_(None)))}  # fmt: skip
        assert days == {only_celle: 5, both: 8, decided: 5}
        assert db.session.scalars(select(Reuse.status)).all() == ["live"]
        assert db.session.scalar(select(Reuse.partner_id)) == people.aalen
        for number in (led, shared):
            assert db.session.get_one(Package, number).lead_partner_id == people.aalen
        live = db.session.scalars(select(Claim).where(Claim.ended_at.is_(None))).all()
        assert {(c.package_id, c.partner_id, c.seat) for c in live} == {(led, people.aalen, "lead"),
                                                                       (shared, people.aalen, "lead")}  # fmt: skip
        seats = db.session.scalars(select(Membership).where(Membership.person_id == cleo_id)).all()
        assert [(s.partner_id, s.role, s.ended_at is None) for s in seats] == [
            (people.celle, "delegate", False), (people.aalen, "delegate", True),
        ]  # fmt: skip
        last = db.session.execute(select(Activity.verb, Activity.details).order_by(Activity.id.desc())).first()
        assert last == ("partner.merge", {"into": people.aalen})
    assert "im Namen von" in cleo.get("/").text, "Cleo goes on acting, now for Aalen"
    assert cleo.post(f"/proposals/FV-{both}/ballot", data={"choice": "abstain"}).status_code == 303
    with app.app_context():
        assert check_tallies() == []


def test_conditions_of_both_are_kept(app: Flask, people: Cast) -> None:
    with app.app_context():
        number = make_proposal(people)
        with transaction():
            db.session.add(Condition(proposal_id=number, partner_id=people.aalen, text="Nur quelloffen."))
            db.session.add(Condition(proposal_id=number, partner_id=people.celle, text="Nur mit Test.", reserved=True))
    go(app, people, leaving.merge, people.aalen)
    with app.app_context():
        (kept,) = db.session.scalars(select(Condition)).all()
        assert (kept.partner_id, kept.text, kept.reserved) == (people.aalen, "Nur quelloffen.\n\nNur mit Test.", True)
        assert check_tallies() == []


def test_what_cannot_be_merged_or_left_is_refused_and_changes_nothing(app: Flask, people: Cast) -> None:
    for other in (people.celle, people.provider):
        with pytest.raises(Conflict):
            go(app, people, leaving.merge, other)
    for who in (people.ada, people.cleo, people.pia):
        with pytest.raises(Denied):
            go(app, people, leaving.leave, by=who.actor)
        with pytest.raises(Denied):
            go(app, people, leaving.merge, people.aalen, by=who.actor)
    with app.app_context(), pytest.raises(Refusal), transaction():
        leaving.leave(db.session.get_one(Partner, people.celle), today() + timedelta(days=1), SYSTEM)
    go(app, people, leaving.merge, people.aalen)
    with pytest.raises(Conflict):
        go(app, people, leaving.merge, people.dorsten)
    with app.app_context(), pytest.raises(Conflict), transaction():
        verbs.resume(db.session.get_one(Partner, people.celle), SYSTEM)
    with app.app_context():
        assert electorate() == 2


# By its pages


def test_a_partner_is_taken_in_corrected_and_paused_by_its_pages(app: Flask, people: Cast, dora: Browser) -> None:
    facts = {"name": "Bad Neustadt", "sign": "BN", "kind": "municipality", "votes": "y", "ags": "09673114"}
    assert dora.post("/admin/partners/new", data=facts | {"slug": "Bad Neustadt"}).status_code == 400
    assert dora.post("/admin/partners/new", data=facts | {"slug": "bad-neustadt"}).status_code == 303
    assert dora.post("/admin/partners/new", data=facts | {"slug": "bad-neustadt"}).status_code == 409
    page = "/admin/partners/bad-neustadt"
    assert "Bad Neustadt" in dora.get(f"{page}/edit").text
    changed = facts | {"name": "Bad Neustadt a. d. Saale", "votes": ""}
    assert dora.post(f"{page}/edit", data=changed).status_code == 303
    assert dora.post(f"{page}/edit", data=changed | {"ags": "12"}).status_code == 400
    assert dora.post(f"{page}/pause").status_code == dora.post(f"{page}/resume").status_code == 303
    with app.app_context():
        one = db.session.scalars(select(Partner).where(Partner.slug == "bad-neustadt")).one()
        assert (one.name, one.votes, one.paused_at) == ("Bad Neustadt a. d. Saale", False, None)
        assert electorate() == 3
    assert (
        dora.get("/admin/partners/nowhere/edit").status_code == dora.post("/admin/partners/x/pause").status_code == 404
    )


def test_who_has_voted_keeps_the_vote_and_a_new_name_reaches_the_coalition(
    app: Flask, people: Cast, dora: Browser
) -> None:
    with app.app_context():
        make_world(people)
        offer(people, 1, "lead")
    facts = {"name": "Aalen", "sign": "AA", "kind": "municipality", "ags": "08136088"}
    assert dora.post("/admin/partners/aalen/edit", data=facts).status_code == 409
    assert (
        dora.post("/admin/partners/aalen/edit", data=facts | {"votes": "y", "name": "Aalen am Kocher"}).status_code
        == 303
    )
    with app.app_context():
        assert "Aalen am Kocher" in db.session.get_one(Proposal, 1).coalition
        assert check_tallies() == []


def test_topics_are_made_renamed_and_retired(app: Flask, people: Cast, dora: Browser) -> None:
    with app.app_context():
        make_world(people)
    ada = sign_in(app, people.ada.person_id, people.ada.membership_id)
    before = ada.get("/proposals/FV-1").headers.get("ETag", "")
    assert dora.post("/admin/topics", data={"label_de": "Grünflächen", "label_en": "Green spaces"}).status_code == 303
    assert dora.post("/admin/topics", data={"label_de": "GRÜNFLÄCHEN", "label_en": "x"}).status_code == 409
    assert "Grünflächen" in ada.get("/proposals/new").text
    assert dora.post("/admin/topics/1", data={"label_de": "Mängel", "label_en": "Defects"}).status_code == 303
    again = ada.get("/proposals/FV-1", headers={"If-None-Match": before})
    assert again.status_code == 200
    assert "Mängel" in again.text
    dora.post("/admin/topics/1/retire")
    assert 'value="maengelmelder"' not in ada.get("/proposals/new").text
    assert 'value="maengelmelder"' in ada.get("/proposals/FV-1/edit").text, "who has it keeps it"
    dora.post("/admin/topics/1/revive")
    assert 'value="maengelmelder"' in ada.get("/proposals/new").text
    assert dora.post("/admin/topics/99/retire").status_code == 404
