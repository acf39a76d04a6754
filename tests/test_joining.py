"""Joining: invitations by mail, the people of a partner, deputies on their days, leaving with a true record."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from board.accounts.models import Membership, Person, Role
from board.activity.models import Activity
from board.comments.models import Comment
from board.db import at, db, now, transaction
from board.errors import Conflict, Denied, TooMany
from board.i18n import today
from board.joining import queries, seats, verbs
from board.joining.models import Invitation
from board.mail.models import Mail
from board.mail.sending import send_due
from board.partners import leaving
from board.partners.models import Partner
from board.voting.models import Ballot
from tests import factories
from tests.conftest import Browser, counting, sign_in
from tests.people import Cast
from tests.postbox import Postbox

PASSWORD = "Rathausbrunnen plätschert leise"
NEW = "neu@aalen.example"


def ask(browser: Browser, email: str = NEW, slug: str = "aalen", **form: Any) -> Any:
    """Invite by the form."""
    valid = {"email": email, "role": "member", "hours": "72", "locale": "de"}
    return browser.post(f"/partners/{slug}/people/invite", data=valid | form)


def arrive(app: Flask, box: Postbox, n: int = -1) -> str:
    """Let mail leave; the path of the link in one that arrived (the last)."""
    with app.app_context():
        send_due()
    found = re.search(r"http://localhost(/join/\S+)", box.text(n))
    assert found, box.text(n)
    return found.group(1)


@pytest.fixture
def within(app: Flask, people: Cast) -> Iterator[Cast]:
    """Everybody, in an application context."""
    with app.app_context():
        yield people


# Inviting


def test_a_delegate_invites_and_the_invited_person_joins_with_a_password(
    app: Flask, ada: Browser, gast: Browser, postbox: Postbox
) -> None:
    assert ask(ada, "  Neu@Aalen.example ").status_code == 303
    page = ada.get("/partners/aalen/people").text
    assert NEW in page
    path = arrive(app, postbox)
    assert postbox.to == [NEW]
    assert postbox.mails[0]["Subject"] == "Einladung zur Stadtrunde"
    assert "Ada lädt Sie ein" in postbox.text()
    assert "Aalen beitreten" in gast.get(path).text
    answer = gast.post(path, data={"name": "Nele Neu", "password": PASSWORD})
    assert answer.status_code == 303
    assert "Nele Neu" in gast.get("/partners/aalen/people").text, "signed in, and a member"
    with app.app_context():
        person = db.session.scalars(select(Person).where(Person.email == NEW)).one()
        seat = db.session.scalars(select(Membership).where(Membership.person_id == person.id)).one()
        assert (seat.role, person.is_admin, person.is_product_owner) == ("member", False, False)
        verbs_done = set(db.session.scalars(select(Activity.verb)))
        assert {"invitation.send", "invitation.accept", "person.create", "person.enrol", "session.start"} <= verbs_done


def test_a_link_works_once(app: Flask, ada: Browser, gast: Browser, postbox: Postbox) -> None:
    ask(ada)
    path = arrive(app, postbox)
    assert gast.post(path, data={"name": "Nele", "password": PASSWORD}).status_code == 303
    other = app.test_client()
    assert other.get(path).status_code == 404
    assert other.post(path, data={"name": "Eve", "password": PASSWORD}).status_code == 404


def test_a_newer_link_kills_the_older_and_withdrawing_kills_it(
    app: Flask, ada: Browser, gast: Browser, postbox: Postbox
) -> None:
    ask(ada)
    first = arrive(app, postbox)
    assert ada.post("/invitations/1/resend").status_code == 303
    second = arrive(app, postbox)
    assert (gast.get(first).status_code, gast.get(second).status_code) == (404, 200)
    ask(ada)  # Invited anew: the earlier invitation ends.
    third = arrive(app, postbox)
    assert (gast.get(second).status_code, gast.get(third).status_code) == (404, 200)
    assert ada.post("/invitations/2/withdraw").status_code == 303
    assert gast.get(third).status_code == 404
    assert ada.post("/invitations/2/resend").status_code == 409


def test_a_link_ends_after_its_hours(app: Flask, ada: Browser, gast: Browser, postbox: Postbox) -> None:
    ask(ada, hours="24")
    path = arrive(app, postbox)
    with at(now() + timedelta(hours=23)):
        assert gast.get(path).status_code == 200
    with at(now() + timedelta(hours=25)):
        assert gast.get(path).status_code == 404
        assert "Link abgelaufen" in sign_in_again(app, ada).get("/partners/aalen/people").text


def sign_in_again(app: Flask, browser: Browser) -> Browser:
    """The same person in a new session, begun at the board's present moment."""
    with app.app_context():
        person = db.session.scalars(select(Person).where(Person.name == "Ada")).one()
        seat = db.session.scalars(select(Membership.id).where(Membership.person_id == person.id)).one()
    return sign_in(app, person.id, seat)


def test_no_invitation_is_sent_that_was_withdrawn_meanwhile(app: Flask, ada: Browser, postbox: Postbox) -> None:
    ask(ada)
    ada.post("/invitations/1/withdraw")
    with app.app_context():
        assert send_due() == 0


def test_the_database_holds_no_token(app: Flask, ada: Browser, postbox: Postbox) -> None:
    ask(ada)
    token = arrive(app, postbox).rsplit("/", 1)[1]
    assert len(token) == 43, "256 bits"
    with app.app_context():
        row = db.session.scalars(select(Invitation)).one()
        mail = db.session.scalars(select(Mail)).one()
        everything = repr([vars(row), vars(mail), [a.details for a in db.session.scalars(select(Activity))]])
        assert token not in everything
        assert NEW not in repr([a.details for a in db.session.scalars(select(Activity))])


def test_the_answer_is_the_same_for_known_and_unknown_addresses(app: Flask, ada: Browser, postbox: Postbox) -> None:
    known, unknown = ask(ada, "cleo@example.org"), ask(ada)
    assert (known.status_code, known.location, known.text) == (unknown.status_code, unknown.location, unknown.text)


def test_a_person_with_an_account_joins_with_it(
    app: Flask, people: Cast, ada: Browser, cleo: Browser, gast: Browser, postbox: Postbox
) -> None:
    ask(ada, "cleo@example.org")
    path = arrive(app, postbox)
    assert f"/sign-in?next={path}" in gast.get(path).text
    assert gast.post(path, data={"name": "Eve", "password": PASSWORD}).status_code == 409, "no second account"
    assert ada.post(path).status_code == 409, "the invitation went to somebody else"
    assert cleo.post(path).status_code == 303
    assert "Sie handeln jetzt im Namen von Aalen" in cleo.get("/").text
    with app.app_context():
        seats_of = select(Membership.partner_id, Membership.role).where(Membership.person_id == people.cleo.person_id)
        assert {tuple(r) for r in db.session.execute(seats_of)} == {
            (people.celle, "delegate"),
            (people.aalen, "member"),
        }


def test_an_invitation_never_takes_a_right_away(app: Flask, people: Cast, ada: Browser, postbox: Postbox) -> None:
    ask(ada, "cleo@example.org")
    path = arrive(app, postbox)
    with app.app_context(), transaction():
        db.session.add(Membership(person_id=people.cleo.person_id, partner_id=people.aalen, role="delegate"))
    assert sign_in(app, people.cleo.person_id, people.cleo.membership_id).post(path).status_code == 303
    with app.app_context():
        roles = select(Membership.role).where(Membership.person_id == people.cleo.person_id)
        assert set(db.session.scalars(roles)) == {"delegate"}


def test_a_weak_password_is_refused_and_the_name_is_kept(
    app: Flask, ada: Browser, gast: Browser, postbox: Postbox
) -> None:
    ask(ada)
    path = arrive(app, postbox)
    for password in ("kurz", "passwortpasswort", ""):
        answer = gast.post(path, data={"name": "Nele Neu", "password": password})
        assert answer.status_code == 422
        assert "Nele Neu" in answer.text
    with app.app_context():
        assert db.session.scalar(select(Invitation.accepted_at)) is None


def test_bad_invitations_keep_the_form(ada: Browser, people: Cast) -> None:
    for form, status in (
        ({"email": "neu"}, 422),
        ({"role": "king"}, 422),
        ({"hours": "99"}, 422),
        ({"email": ""}, 422),
    ):
        answer = ask(ada, **({"email": NEW} | form))
        assert answer.status_code == status, form
        assert 'id="invite"' in answer.text
    assert ask(ada, "ben@example.org").status_code == 409
    assert "gehört schon zu Aalen" in ask(ada, "ben@example.org").text


def test_a_wrong_address_is_told_beside_its_field_and_stays_typed(ada: Browser, dora: Browser) -> None:
    valid = {"email": "karin@", "partner": "", "role": "member", "hours": "72", "locale": "de"}
    for page in (ask(ada, "karin@").text, dora.post("/invitations", data=valid).text):
        field = page[page.index('<div class="field "><label for="email"') :]
        assert "Das ist keine E-Mail-Adresse." in field[: field.index("</div>")]
        assert 'value="karin@"' in field[: field.index("</div>")]


def test_what_a_role_may_do_is_read_in_full_on_a_phone_too(ada: Browser) -> None:
    page = ada.get("/partners/aalen/people").text
    assert page.count('type="radio"') == 2, "the options of a select would be cut off"
    assert "Stimmführende Person: gibt auch das Votum ab</label>" in page


def test_nobody_invites_to_another_partner(app: Flask, people: Cast, cleo: Browser, ben: Browser) -> None:
    assert ask(cleo).status_code == 404
    assert ask(cleo, acting_for=str(people.aalen)).status_code == 409
    assert ask(ben).status_code == 403
    with app.app_context():
        assert db.session.scalar(select(func.count(Invitation.id))) == 0
        with pytest.raises(Denied), transaction():
            verbs.invite(NEW, db.session.get_one(Partner, people.aalen), Role.MEMBER, people.cleo.actor)


def test_an_administrator_invites_anybody_also_without_a_partner(
    app: Flask, people: Cast, dora: Browser, gast: Browser, postbox: Postbox
) -> None:
    valid = {"email": NEW, "partner": "", "role": "member", "hours": "48", "locale": "en"}
    assert dora.post("/invitations", data=valid).status_code == 303
    assert dora.post("/invitations", data=valid | {"partner": str(people.provider)}).status_code == 303
    refused = dora.post("/invitations", data=valid | {"partner": str(people.provider), "role": "delegate"})
    assert refused.status_code == 409
    with app.app_context(), transaction():
        db.session.get_one(Partner, people.dorsten).left_on = today()
    assert f'value="{people.dorsten}"' not in dora.get("/invitations").text, "nobody joins a partner that has left"
    assert dora.post("/invitations", data=valid | {"partner": str(people.dorsten)}).status_code == 422
    assert NEW in dora.get("/invitations").text
    path = arrive(app, postbox, 0)
    assert postbox.mails[0]["Subject"] == "Invitation to Stadtrunde"
    assert gast.post(path, data={"name": "Nele", "password": PASSWORD}).status_code == 303
    with app.app_context():
        assert db.session.scalar(select(func.count(Membership.id)).join(Person).where(Person.email == NEW)) == 0


def test_nobody_sends_mail_in_masses(within: Cast) -> None:
    aalen = within.aalen
    with transaction():
        verbs.invite(NEW, db.session.get_one(Partner, aalen), Role.MEMBER, within.ada.actor)
        db.session.execute(update(Invitation).values(issue=verbs.A_DAY))
    with pytest.raises(TooMany), transaction():
        verbs.invite("zwei@aalen.example", db.session.get_one(Partner, aalen), Role.MEMBER, within.ada.actor)


def test_an_unanswered_invitation_is_forgotten_with_its_address(within: Cast) -> None:
    with transaction():
        verbs.invite(NEW, db.session.get_one(Partner, within.aalen), Role.MEMBER, within.ada.actor)
    with at(now() + timedelta(days=32)):
        verbs.forget()
        assert db.session.scalar(select(func.count(Invitation.id))) == 1, "a month after it ended, not after it began"
    with at(now() + timedelta(days=34)):
        verbs.forget()
        assert db.session.scalar(select(func.count(Invitation.id))) == 0


# Deputies


def test_a_deputy_casts_the_ballot_on_their_days_only_and_invites_nobody(
    app: Flask, people: Cast, ada: Browser, ben: Browser
) -> None:
    with app.app_context():
        factories.make_proposal(people)
    begin, end = today() + timedelta(days=1), today() + timedelta(days=3)
    dates = {"begin": begin.isoformat(), "end": end.isoformat()}
    assert ada.post(f"/members/{people.ben.membership_id}/deputy", data=dates).status_code == 303
    for day, may in ((0, False), (1, True), (3, True), (4, False)):
        with at(now() + timedelta(days=day)):
            browser = sign_in(app, people.ben.person_id, people.ben.membership_id)
            answer = browser.post("/proposals/FV-1/ballot", data={"choice": "for"})
            assert answer.status_code == (303 if may else 403), day
            assert ask(browser).status_code == 403
            assert browser.post("/members/1/role", data={"role": "member"}).status_code == 403
            if may:
                assert "vertritt" in browser.get("/account").text
    with app.app_context():
        ballot = db.session.scalars(select(Ballot)).one()
        assert (ballot.partner_id, ballot.choice) == (people.aalen, "for")


def test_a_deputy_can_be_called_back_at_once(app: Flask, people: Cast, ada: Browser, ben: Browser) -> None:
    with app.app_context():
        factories.make_proposal(people)
    dates = {"begin": today().isoformat(), "end": today().isoformat()}
    ada.post("/members/2/deputy", data=dates)
    assert ben.post("/proposals/FV-1/ballot", data={"choice": "for"}).status_code == 303
    assert ada.post("/members/2/deputy/end").status_code == 303
    assert ben.post("/proposals/FV-1/ballot", data={"choice": "abstain"}).status_code == 403


@pytest.mark.parametrize(
    ("begin", "end", "status"), [(0, -1, 422), (-9, -3, 422), (0, 400, 422), ("", 3, 422), (1, "x", 422)]
)
def test_days_that_cannot_be_are_refused_in_place(ada: Browser, begin: Any, end: Any, status: int) -> None:
    def day(n: Any) -> str:
        return (today() + timedelta(days=n)).isoformat() if isinstance(n, int) else n

    answer = ada.post("/members/2/deputy", data={"begin": day(begin), "end": day(end)})
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert day(end) in answer.text


def test_providers_and_delegates_have_no_deputies(app: Flask, people: Cast, ada: Browser, dora: Browser) -> None:
    dates = {"begin": today().isoformat(), "end": today().isoformat()}
    assert ada.post("/members/1/deputy", data=dates).status_code == 409
    assert dora.post(f"/members/{people.rolf.membership_id}/deputy", data=dates).status_code == 409
    assert dora.post(f"/members/{people.rolf.membership_id}/role", data={"role": "delegate"}).status_code == 409


def test_who_is_given_something_is_told_by_mail(app: Flask, people: Cast, ada: Browser, postbox: Postbox) -> None:
    ada.post("/members/2/deputy", data={"begin": today().isoformat(), "end": today().isoformat()})
    ada.post("/members/2/role", data={"role": "delegate"})
    ada.post("/members/2/end")
    with app.app_context():
        assert send_due() == 2, "the standing-in ended with the new role, so its letter has nothing to say"
    assert postbox.to == ["ben@example.org"] * 2
    assert [str(mail["Subject"]) for mail in postbox.mails] == [
        "Ihre Rolle für Aalen hat sich geändert",
        "Ihre Mitgliedschaft bei Aalen ist beendet",
    ]


# Leaving and moving


def test_leaving_keeps_the_record_true(app: Flask, people: Cast, ada: Browser, ben: Browser, cleo: Browser) -> None:
    with app.app_context():
        factories.make_world(people)
        before = db.session.execute(select(Ballot.partner_id, Ballot.choice)).all()
    assert ben.post("/members/2/end").status_code == 303
    assert ben.post("/proposals/FV-1/comments", data={"text": "Noch etwas."}).status_code == 403
    page = cleo.get("/proposals/FV-1").text
    assert "Ben" in page
    assert "Wir brauchen das." in page
    assert "Ben" in ada.get("/partners/aalen/people").text, "among those who have left"
    with app.app_context():
        assert db.session.execute(select(Ballot.partner_id, Ballot.choice)).all() == before
        assert db.session.scalar(select(Comment.partner_id)) == people.aalen


def test_who_moves_to_another_partner_acts_for_the_new_one_only(
    app: Flask, people: Cast, ada: Browser, cleo: Browser, ben: Browser, postbox: Postbox
) -> None:
    with app.app_context():
        factories.make_world(people)
    ada.post("/members/2/end")
    assert ask(cleo, "ben@example.org", "celle").status_code == 303
    assert ben.post(arrive(app, postbox)).status_code == 303
    assert ben.get("/partners/celle/people").status_code == 200
    assert ben.get("/partners/aalen/people").status_code == 404
    assert ben.post("/comments/1/edit", data={"text": "Für Celle.", "version": "1"}).status_code == 303
    with app.app_context():
        assert db.session.scalar(select(Comment.partner_id)) == people.aalen, "said for Aalen, edited or not"


def test_the_last_delegate_stays_unless_the_administration_says_so(
    app: Flask, people: Cast, ada: Browser, dora: Browser
) -> None:
    for path, form in (("/members/1/end", {}), ("/members/1/role", {"role": "member"})):
        answer = ada.post(path, data=form)
        assert answer.status_code == 409
        assert "keine stimmführende Person mehr" in answer.text
    assert "nur eine stimmführende Person" in ada.get("/partners/aalen/people").text
    assert dora.post("/members/1/end").status_code == 303
    assert "hat keine stimmführende Person" in dora.get("/partners/aalen/people").text


def test_with_another_delegate_the_first_may_leave(app: Flask, people: Cast, ada: Browser) -> None:
    ada.post("/members/2/role", data={"role": "delegate"})
    assert ada.post("/members/1/end").status_code == 303
    with app.app_context(), pytest.raises(Conflict), transaction():
        seats.end(queries.seat(2), people.ben.actor)


# Looking


def test_the_people_of_a_partner_are_seen_by_themselves_only(
    ada: Browser, ben: Browser, cleo: Browser, pia: Browser, dora: Browser, gast: Browser
) -> None:
    path = "/partners/aalen/people"
    seen = [browser.get(path).status_code for browser in (ada, ben, dora, cleo, pia, gast)]
    assert seen == [200, 200, 200, 404, 404, 401]
    assert "ada@example.org" in ada.get(path).text
    assert "ada@example.org" not in ben.get(path).text, "addresses are for those who manage"
    assert ada.get(path).headers["Cache-Control"] == "no-store"
    assert ada.get("/partners/nowhere/people").status_code == 404


def test_the_page_costs_the_same_whatever_it_lists(app: Flask, people: Cast, ada: Browser) -> None:
    path = "/partners/aalen/people"
    with counting(app) as few:
        ada.get(path)
    with app.app_context(), transaction():
        aalen = db.session.get_one(Partner, people.aalen)
        for n in range(20):
            person = Person(email=f"m{n}@aalen.example", name=f"M {n}")
            db.session.add(person)
            db.session.flush()
            db.session.add(Membership(person_id=person.id, partner_id=people.aalen))
            verbs.invite(f"n{n}@aalen.example", aalen, Role.MEMBER, people.ada.actor)
    with counting(app) as many:
        ada.get(path)
    assert len(many) == len(few)


def test_nobody_joins_a_partner_that_has_left(
    app: Flask, people: Cast, ada: Browser, gast: Browser, postbox: Postbox
) -> None:
    ask(ada)
    path = arrive(app, postbox)
    with app.app_context(), transaction():
        leaving.leave(db.session.get_one(Partner, people.aalen), today(), people.dora.actor)
    answer = gast.post(path, data={"name": "Nele Neu", "password": PASSWORD})
    assert answer.status_code == 409
    assert "hat die Partnerschaft verlassen" in answer.text
    with app.app_context():
        assert db.session.scalar(select(Person.id).where(Person.email == NEW)) is None
        aalen = db.session.get_one(Partner, people.aalen)
        with pytest.raises(Conflict), transaction():
            verbs.invite("wer@aalen.example", aalen, Role.MEMBER, people.dora.actor)
