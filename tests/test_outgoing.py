"""Outgoing webhooks: who may make them, what they tell, and that each message arrives, once more rather than never."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from board import i18n
from board.accounts.models import Person
from board.activity import queries as activity
from board.activity.queries import Filters
from board.activity.sentences import SENTENCES
from board.db import at, db, now, transaction
from board.errors import Conflict
from board.i18n import today
from board.jobs.worker import Worker
from board.mail.models import Mail
from board.mail.sending import send_due
from board.outgoing import endpoints, events, lanes, queries, resending, retention, sending, spooling, words
from board.outgoing.endpoints import Wishes
from board.outgoing.models import Endpoint, EndpointSecret, OutgoingDelivery, Standing
from board.outgoing.outcomes import PAUSES, Answer, pause
from board.partners import leaving
from board.partners.models import Partner
from board.policy import ANONYMOUS
from tests.conftest import Browser, counting
from tests.factories import cast, claim, comment, make_package, make_proposal, offer
from tests.people import Cast
from tests.postbox import Postbox
from tests.receiver import Receiver

ALL = tuple(words.KINDS)


@contextmanager
def allowing(app: Flask, *listed: str, **more: Any) -> Iterator[None]:
    """The operator allows calls to these hosts; and other settings."""
    before = app.config["BOARD"]
    app.config["BOARD"] = replace(before, webhooks=listed, **more)
    try:
        yield
    finally:
        app.config["BOARD"] = before


@pytest.fixture
def receiver(app: Flask) -> Iterator[Receiver]:
    """A program that takes everything, allowed by the operator."""
    with Receiver() as one, allowing(app, one.listed):
        yield one


def endpoint(people: Cast, url: str, kinds: tuple[str, ...] = ALL, **wishes: Any) -> tuple[int, str]:
    """An endpoint of Pia's, and its secret."""
    with transaction():
        made, secret = endpoints.create(people.pia.actor, Wishes(url, kinds, **wishes))
        return made.id, secret


def run(endpoint_id: int = 1) -> int:
    """What the job does for one endpoint, here and now; how many attempts were made."""
    spooling.spool()
    return sending.work_off(endpoint_id)


def rows() -> list[OutgoingDelivery]:
    """All deliveries, the oldest first."""
    db.session.close()
    return list(db.session.scalars(select(OutgoingDelivery).order_by(OutgoingDelivery.id)))


# What arrives


def test_what_happens_arrives_signed_and_holds_keys_states_and_links_only(
    app: Flask, people: Cast, receiver: Receiver
) -> None:
    with app.app_context():
        number, secret = endpoint(people, receiver.url)
        proposal_id = make_proposal(people, title="Geheimnisvoller Titel", text="Wortlaut")
        package_id = make_package(people, proposal_id, title="Karte zeichnen")
        claim(package_id, people.ada.actor)
        comment(people.ben.actor, "Ein Wort von Ben", proposal_id=proposal_id)
        assert run(number) == 4
        told = [message.read(secret) for message in receiver.messages]
        assert [one["type"] for one in told] == [
            "proposal.propose", "package.create", "package.claim", "comment.write",
        ]  # fmt: skip
        first, _second, third, fourth = (one["data"] for one in told)
        assert first["kind"] == "proposals"
        assert first["proposal"] == {
            "id": proposal_id, "key": f"FV-{proposal_id}", "state": "open",
            "url": f"http://localhost/proposals/FV-{proposal_id}",
            "tally": {"for": 0, "against": 0, "abstain": 0, "voting_partners": 3},
        }  # fmt: skip
        assert first["by"]["slug"] == "aalen"
        assert third["package"]["state"] == "claimed"
        assert third["package"]["lead"]["name"] == "Aalen"
        assert fourth["comment"]["url"].startswith(f"http://localhost/proposals/FV-{proposal_id}#comment-")
        everything = b"".join(message.body for message in receiver.messages).decode()
        for word in ("Geheimnisvoll", "Wortlaut", "Karte", "Ben", "Ada", "example.org"):
            assert word not in everything
        assert {row.status for row in rows()} == {"delivered"}


def test_a_message_says_what_it_is_in_its_headers(app: Flask, people: Cast, receiver: Receiver) -> None:
    with app.app_context():
        number, secret = endpoint(people, receiver.url)
        make_proposal(people)
        run(number)
        (message,) = receiver.messages
        assert message.path == "/stadtrunde?to=chat"
        assert message.headers["content-type"] == "application/json"
        assert message.headers["user-agent"] == "Stadtrunde (http://localhost)"
        assert message.headers["host"] == f"127.0.0.1:{receiver.port}"
        assert re.fullmatch(r"msg_[0-9a-f]{28}", message.id)
        assert abs(int(message.headers["webhook-timestamp"]) - now().timestamp()) < 60
        assert secret.startswith("whsec_")
        with pytest.raises(WebhookVerificationError):
            message.read("whsec_" + "A" * 44)
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(message.body.replace(b"FV-", b"FX-"), message.headers)


def test_who_voted_how_reaches_nobody_outside(app: Flask, people: Cast, receiver: Receiver) -> None:
    with app.app_context():
        number, secret = endpoint(people, receiver.url, ("ballots",))
        proposal_id = make_proposal(people)
        cast(people, proposal_id, "against", people.cleo.actor, reason="Zu teuer")
        offer(people, proposal_id, "lead")
        run(number)
        told = [message.read(secret) for message in receiver.messages]
        assert [one["type"] for one in told] == ["ballot.cast", "ballot.cast", "offer.declare"][-len(told) :]
        ballot = next(one["data"] for one in told if one["type"] == "ballot.cast" and one["data"]["proposal"])
        assert not {"by", "about", "change"} & ballot.keys()
        assert ballot["proposal"]["tally"]["against"] == 1
        assert told[-1]["data"]["change"]["kind"] == "lead"
        assert "celle" not in json.dumps([one for one in told if one["type"] == "ballot.cast"]).lower()


def test_a_filter_by_partner_tells_what_strangers_see_of_it_and_no_ballot(
    app: Flask, people: Cast, receiver: Receiver
) -> None:
    with app.app_context():
        number, secret = endpoint(people, receiver.url, partner_id=people.celle)
        proposal_id = make_proposal(people)  # By Aalen.
        cast(people, proposal_id, "for", people.cleo.actor)
        package_id = make_package(people, proposal_id)
        claim(package_id, people.cleo.actor)
        run(number)
        assert [message.read(secret)["type"] for message in receiver.messages] == ["package.claim"]


def test_a_filter_follows_a_partner_that_becomes_part_of_another(app: Flask, people: Cast, receiver: Receiver) -> None:
    with app.app_context():
        number, secret = endpoint(people, receiver.url, partner_id=people.celle)
        with transaction():
            old, into = db.session.get_one(Partner, people.celle), db.session.get_one(Partner, people.aalen)
            leaving.merge(old, into, today(), people.dora.actor)
        make_proposal(people)  # By Aalen.
        run(number)
        assert [message.read(secret)["type"] for message in receiver.messages] == ["proposal.propose"]


def test_an_endpoint_hears_of_its_kinds_and_only_of_what_happens_from_now_on(
    app: Flask, people: Cast, receiver: Receiver
) -> None:
    with app.app_context():
        make_proposal(people)
        number, _secret = endpoint(people, receiver.url, ("packages",))
        proposal_id = make_proposal(people)
        make_package(people, proposal_id)
        run(number)
        assert [row.event for row in rows()] == ["package.create"]
        with transaction():
            endpoints.disable(endpoints.locked(number), people.pia.actor)
        make_package(people, proposal_id, title="Inzwischen")
        with transaction():
            endpoints.enable(endpoints.locked(number), people.pia.actor)
        make_package(people, proposal_id, title="Danach")
        run(number)
        assert [row.subject for row in rows()] == ["AP-1", "AP-3"]


def test_every_event_that_strangers_see_has_its_kind_and_no_other_is_told() -> None:
    public = set(activity._verbs(Filters(), ANONYMOUS))
    told = {verb for verb in SENTENCES if events.kind_of(verb)}
    assert public <= told
    assert set(told - public) == {
        "workshop.plan", "workshop.edit", "workshop.open", "workshop.close", "workshop.complete",
    }  # fmt: skip
    assert {events.kind_of(verb) for verb in told} == set(words.KINDS)


def test_reading_the_log_costs_the_same_for_many_entries(app: Flask, people: Cast, receiver: Receiver) -> None:
    with app.app_context():
        endpoint(people, receiver.url)
        make_proposal(people)
        app.extensions["pages"].forget()
        with counting(app) as one:
            spooling.spool()
        for _ in range(6):
            make_package(people, make_proposal(people))
        app.extensions["pages"].forget()
        with counting(app) as many:
            spooling.spool()
        assert len(rows()) == 13
        assert len(many) - len(one) <= 1  # Packages are looked up as well.


# Secrets


def test_while_two_secrets_are_valid_each_message_is_signed_by_both(
    app: Flask, people: Cast, receiver: Receiver
) -> None:
    with app.app_context():
        number, old = endpoint(people, receiver.url)
        with transaction():
            new = endpoints.rotate(endpoints.locked(number), people.pia.actor)
        make_proposal(people)
        run(number)
        assert receiver.messages[0].read(old) == receiver.messages[0].read(new)
        assert len(receiver.messages[0].headers["webhook-signature"].split()) == 2
        with pytest.raises(Conflict), transaction():
            endpoints.rotate(endpoints.locked(number), people.pia.actor)
        first = db.session.scalars(select(EndpointSecret.id).order_by(EndpointSecret.id)).first()
        assert first
        with transaction():
            endpoints.retire(endpoints.locked(number), people.pia.actor, first)
        make_proposal(people)
        run(number)
        assert receiver.messages[1].read(new)
        with pytest.raises(WebhookVerificationError):
            receiver.messages[1].read(old)
        with pytest.raises(Conflict), transaction():
            endpoints.retire(endpoints.locked(number), people.pia.actor, first + 1)


def test_secrets_lie_encrypted_and_leave_with_the_endpoint(app: Flask, people: Cast) -> None:
    with app.app_context():
        number, secret = endpoint(people, "https://chat.stadt.example/hook/geheim")
        (box,) = db.session.scalars(select(EndpointSecret.box))
        assert box
        assert secret.encode() not in box
        assert secret.removeprefix("whsec_").encode() not in box
        with transaction():
            endpoints.delete(endpoints.locked(number), people.pia.actor)
        db.session.close()
        assert db.session.scalars(select(EndpointSecret.box)).all() == [None]
        assert db.session.scalars(select(Endpoint.url)).all() == [""]


# Again and again


def test_what_was_not_taken_goes_out_again_with_growing_pauses_and_then_fails(
    app: Flask, people: Cast, receiver: Receiver
) -> None:
    receiver.answers = [(500, {})]
    with app.app_context():
        number, _secret = endpoint(people, receiver.url)
        make_proposal(people)
        moment = now()
        for attempt, wait in enumerate((*PAUSES, None), 1):
            with at(moment):
                assert run(number) == 1
                (row,) = rows()
                assert (row.attempts, row.code, row.reason) == (attempt, 500, "refused")
                if wait is None:
                    assert row.status == Standing.FAILED
                    break
                assert wait <= row.next_at - moment <= wait * 1.1
                with at(row.next_at - timedelta(seconds=1)):
                    assert run(number) == 0, "not before its time"
                moment = row.next_at
        assert len({message.id for message in receiver.messages}) == 1, "the same message each time"
        assert len({message.body for message in receiver.messages}) == 1
        assert len(receiver.messages) == len(PAUSES) + 1
        assert len({message.headers["webhook-timestamp"] for message in receiver.messages}) == len(PAUSES) + 1
        assert [code for _at, code, _ms, _why in queries.content(row.id)[1]] == [500] * 10


def test_it_arrives_at_the_second_attempt(app: Flask, people: Cast, receiver: Receiver) -> None:
    receiver.answers = [(502, {}), (200, {})]
    with app.app_context():
        number, _secret = endpoint(people, receiver.url)
        make_proposal(people)
        run(number)
        assert db.session.get_one(Endpoint, number).failing_since is not None
        with at(now() + timedelta(seconds=6)):
            run(number)
        (row,) = rows()
        assert (row.status, row.attempts, row.code, row.reason) == ("delivered", 2, 200, "")
        assert db.session.get_one(Endpoint, number).failing_since is None


@pytest.mark.parametrize("how", ["seconds", "date"])
def test_a_receiver_that_asks_for_a_pause_gets_it(app: Flask, people: Cast, receiver: Receiver, how: str) -> None:
    later = now() + timedelta(hours=1)
    asked = "3600" if how == "seconds" else format_datetime(later.astimezone(UTC), usegmt=True)
    receiver.answers = [(429, {"Retry-After": asked})]
    with app.app_context():
        number, _secret = endpoint(people, receiver.url)
        make_proposal(people)
        run(number)
        (row,) = rows()
        assert row.reason == "busy"
        assert abs((row.next_at - later).total_seconds()) < 30


@pytest.mark.parametrize("asked", ["", "soon", "-5", "0", "1", "99999999999999999999", "٣"])
def test_a_pause_is_never_shorter_than_ours_nor_longer_than_a_day(asked: str) -> None:
    wait = pause(Answer(503, "", 0.1, asked), 1, now())
    assert wait is not None
    assert PAUSES[0] <= wait <= timedelta(days=1)


def test_gone_ends_the_endpoint_at_once_and_tells_who_made_it(
    app: Flask, people: Cast, postbox: Postbox, receiver: Receiver
) -> None:
    receiver.answers = [(410, {})]
    with app.app_context():
        number, _secret = endpoint(people, receiver.url)
        make_proposal(people)
        make_proposal(people)
        run(number)
        found = db.session.get_one(Endpoint, number)
        assert (found.disabled_why, found.disabled_at is not None) == ("gone", True)
        assert [(row.status, row.reason) for row in rows()] == [("failed", "gone"), ("failed", "disabled")]
        assert len(receiver.messages) == 1
        send_due()
    (mail,) = postbox.mails
    assert mail["To"] == "pia@example.org"
    assert "410" in postbox.text()
    assert "to=chat" not in postbox.text() + postbox.html(), "an address may hold a secret"


def test_an_endpoint_that_fails_for_days_is_disabled_and_its_owner_hears_of_it_twice(
    app: Flask, people: Cast, receiver: Receiver
) -> None:
    receiver.answers = [(503, {})]
    with app.app_context():
        number, _secret = endpoint(people, receiver.url)
        make_proposal(people)
        moment = now()
        for _ in range(len(PAUSES) + 1):
            with at(moment):
                run(number)
            moment = rows()[0].next_at
        with at(moment + timedelta(days=3)):
            make_proposal(people)
            run(number)
            assert db.session.get_one(Endpoint, number).disabled_why == "silent"
        assert {row.status for row in rows()} == {"failed"}
        told = [(mail.details["what"], mail.person_id) for mail in mails()]
        assert told == [("failed", people.pia.person_id), ("silent", people.pia.person_id)]


def mails() -> list[Mail]:
    db.session.close()
    return list(db.session.scalars(select(Mail).where(Mail.kind == "outgoing").order_by(Mail.id)))


def test_when_its_maker_is_gone_the_administration_hears(app: Flask, people: Cast, receiver: Receiver) -> None:
    receiver.answers = [(410, {})]
    with app.app_context():
        number, _secret = endpoint(people, receiver.url)
        with transaction():
            db.session.get_one(Person, people.pia.person_id).disabled_at = now()
        make_proposal(people)
        run(number)
        assert [mail.person_id for mail in mails()] == [people.dora.person_id]


# Whoever dies, however many do it at once


def test_what_was_sent_but_not_noted_goes_out_again_under_the_same_id(
    app: Flask, people: Cast, receiver: Receiver
) -> None:
    with app.app_context():
        number, _secret = endpoint(people, receiver.url)
        make_proposal(people)
        spooling.spool()
        delivery = sending.claim(number)
        assert delivery
        sending._send(delivery)  # And here the process dies.
        assert sending.work_off(number) == 0, "it may be on its way"
        with at(now() + sending.LEASE + timedelta(seconds=1)):
            assert sending.work_off(number) == 1
        assert len(receiver.messages) == 2
        assert len({message.id for message in receiver.messages}) == 1
        (row,) = rows()
        assert row.status == "delivered"
        assert not sending._note(delivery, Answer(500, "", 1)), "whose lease has run out notes nothing"
        assert rows()[0].status == "delivered"


def test_many_at_once_make_each_delivery_and_each_attempt_once(app: Flask, people: Cast, receiver: Receiver) -> None:
    with app.app_context():
        number, _secret = endpoint(people, receiver.url)
        for _ in range(5):
            make_proposal(people)
    start = threading.Barrier(4)

    def work() -> None:
        with app.app_context():
            start.wait()
            for _ in range(6):
                spooling.spool()
                sending.work_off(number)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context():
        sending.work_off(number)
        assert [row.attempts for row in rows()] == [1] * 5
        assert len({message.id for message in receiver.messages}) == 5 == len(receiver.messages)


def test_a_slow_endpoint_holds_up_no_other_and_not_the_worker(app: Flask, people: Cast, receiver: Receiver) -> None:
    with Receiver(wait=threading.Event()) as slow, allowing(app, receiver.listed, slow.listed), app.app_context():
        endpoint(people, slow.url)
        quick, _secret = endpoint(people, receiver.url)
        make_proposal(people)
        assert lanes.drive() == 2  # Comes back while both are on their way.
        running: lanes.Lanes = app.extensions["outgoing"]
        wait_for(lambda: [row.status for row in rows() if row.endpoint_id == quick] == ["delivered"])
        assert lanes.drive() == 0, "what is on its way is left alone"
        assert [row.status for row in rows()] == ["waiting", "delivered"]
        assert slow.wait
        slow.wait.set()
        assert running.wait(10)
        assert [row.status for row in rows()] == ["delivered", "delivered"]


def wait_for(true: Callable[[], bool]) -> None:
    for _ in range(200):
        if true():
            return
        threading.Event().wait(0.05)
    raise AssertionError("it did not come about in ten seconds")


def test_the_worker_follows_the_log_within_a_second(app: Flask, people: Cast, receiver: Receiver) -> None:
    worker = Worker(app)
    assert worker.follow() is False, "the first look only remembers where the log ends"
    with app.app_context():
        endpoint(people, receiver.url)
        make_proposal(people)
    assert worker.follow() is True
    assert app.extensions["outgoing"].wait(10)
    assert len(receiver.messages) == 1
    assert worker.follow() is False


# The log and what operators do


def test_a_test_event_is_sent_at_once_and_the_page_says_what_came_of_it(
    app: Flask, people: Cast, receiver: Receiver, pia: Browser
) -> None:
    with app.app_context():
        number, secret = endpoint(people, receiver.url)
    answer = pia.post(f"/outgoing/{number}/try", partial=True, target=f"endpoint-{number}")
    assert answer.status_code == 200
    assert "Zugestellt: Der Empfänger hat nach" in answer.text
    assert receiver.messages[0].read(secret)["type"] == "endpoint.try"
    receiver.answers = [(404, {})]
    plain = pia.post(f"/outgoing/{number}/try", follow_redirects=True)
    assert "Der Empfänger hat sie abgelehnt (404)." in plain.text


def test_secrets_are_shown_once(app: Flask, people: Cast, receiver: Receiver, pia: Browser) -> None:
    form = {"url": receiver.url, "kinds": ["proposals", "packages"], "public_id": "0123456789abcdef" * 2}
    made = pia.post("/outgoing", data=form)
    assert made.status_code == 201
    secret = re.search(r"whsec_[A-Za-z0-9+/=]{44}", made.text)
    assert secret
    twice = pia.post("/outgoing", data=form)
    assert twice.status_code == 409
    assert "whsec_…" not in twice.text
    assert secret[0] not in pia.get("/outgoing/1").text + twice.text
    rotated = pia.post("/outgoing/1/rotate")
    new = re.search(r"whsec_[A-Za-z0-9+/=]{44}", rotated.text)
    assert new
    assert new[0] != secret[0]
    assert pia.post("/outgoing/1/rotate").status_code == 409
    with app.app_context():
        make_proposal(people)
        run(1)
    assert receiver.messages[0].read(secret[0])
    assert receiver.messages[0].read(new[0])


def test_a_form_that_cannot_be_is_kept_and_says_why(app: Flask, people: Cast, pia: Browser) -> None:
    with allowing(app, "chat.stadt.example"):
        form = {"url": "https://anderswo.example/hook", "description": "Chat"}
        bad = pia.post("/outgoing", data=form)
        assert bad.status_code == 422
        assert "Der Betreiber hat Aufrufe dieses Servers nicht erlaubt" in bad.text
        assert "Bitte wählen Sie mindestens eine Art aus." in bad.text
        assert "https://anderswo.example/hook" in bad.text
        good = pia.post("/outgoing", data={"url": "https://chat.stadt.example/x", "kinds": ["work", "proposals"]})
        assert good.status_code == 422, "an unknown kind"
        assert pia.post("/outgoing", data={"url": "https://chat.stadt.example/x", "kinds": "reuse"}).status_code == 201
        same = pia.post("/outgoing/1/edit", data={"url": "https://chat.stadt.example/y", "kinds": "issues"})
        assert same.status_code == 303
    with app.app_context():
        found = db.session.get_one(Endpoint, 1)
        assert (found.url, found.kinds) == ("https://chat.stadt.example/y", ["issues"])


def test_a_board_whose_operator_lists_no_host_says_so_and_offers_nothing(app: Flask, pia: Browser) -> None:
    with allowing(app):
        page = pia.get("/outgoing").text
    assert "BOARD_WEBHOOKS=chat.stadt.example" in page
    assert "/outgoing/new" not in page


def test_what_failed_is_sent_again_one_or_all_under_the_same_id(
    app: Flask, people: Cast, receiver: Receiver, pia: Browser
) -> None:
    receiver.answers = [(500, {})]
    with app.app_context():
        number, _secret = endpoint(people, receiver.url)
        for _ in range(3):
            make_proposal(people)
        run(number)
        with transaction():
            db.session.execute(update(OutgoingDelivery).values(status=Standing.FAILED))
    receiver.answers = [(200, {})]
    assert "Alle 3 fehlgeschlagenen Übermittlungen erneut senden" in pia.get(f"/outgoing/{number}/deliveries").text
    assert pia.post(f"/outgoing/{number}/deliveries/1/resend").status_code == 303
    assert pia.post(f"/outgoing/{number}/deliveries/1/resend", partial=True).status_code == 409, "it waits already"
    with app.app_context():
        assert run(number) == 1
        assert [row.status for row in rows()] == ["delivered", "failed", "failed"]
    pia.post(f"/outgoing/{number}/deliveries/resend")
    with app.app_context():
        run(number)
        assert [row.status for row in rows()] == ["delivered"] * 3
    assert len({message.id for message in receiver.messages}) == 3
    assert pia.post(f"/outgoing/{number}/deliveries/2/resend").status_code == 303, "also what had arrived"


def test_the_log_is_filtered_and_paged_and_costs_the_same_for_any_length(
    app: Flask, people: Cast, receiver: Receiver, pia: Browser
) -> None:
    with app.app_context():
        number, _secret = endpoint(people, receiver.url)
        with transaction():
            resending.try_out(endpoints.locked(number), people.pia.actor)
        pia.get(f"/outgoing/{number}/deliveries")  # What all pages ask for is known from here on.
        app.extensions["pages"].forget()
        with counting(app) as one:
            pia.get(f"/outgoing/{number}/deliveries")
        with transaction():
            db.session.add_all(
                OutgoingDelivery(endpoint_id=number, webhook_id=f"msg_{i}", event="ballot.cast", subject="FV-1",
                                 status="failed", reason="refused", code=400 + i % 5, payload="{}")
                for i in range(60)
            )  # fmt: skip
        app.extensions["pages"].forget()
        with counting(app) as many:
            log = pia.get(f"/outgoing/{number}/deliveries").text
        assert len(one) == len(many)
    assert log.count("data-row") == queries.PAGE
    (more,) = re.findall(r'id="more" href="([^"]+)"', log)
    older = pia.get(more.replace("&amp;", "&")).text
    assert older.count("data-row") == 11
    assert pia.get(f"/outgoing/{number}/deliveries?event=endpoint.try").text.count("data-row") == 1
    assert pia.get(f"/outgoing/{number}/deliveries?status=delivered").text.count("data-row") == 0
    assert "Der Empfänger hat sie abgelehnt (404)." in log
    app.extensions["pages"].forget()
    with app.app_context(), counting(app) as few:
        pia.get("/outgoing")
    with app.app_context():
        for i in range(4):
            endpoint(people, f"http://127.0.0.1:{receiver.port}/{i}")
        app.extensions["pages"].forget()
        with counting(app) as several:
            listed = pia.get("/outgoing").text
    assert len(several) == len(few)
    assert listed.count("data-row") == 5


def test_the_page_of_a_delivery_shows_what_was_sent_and_each_attempt(
    app: Flask, people: Cast, receiver: Receiver, pia: Browser
) -> None:
    receiver.answers = [(503, {"Retry-After": "1"}), (200, {})]
    with app.app_context():
        number, _secret = endpoint(people, receiver.url)
        make_proposal(people)
        run(number)
        with at(now() + timedelta(seconds=6)):
            run(number)
    page = pia.get(f"/outgoing/{number}/deliveries/1").text
    assert "&#34;type&#34;: &#34;proposal.propose&#34;" in page
    assert "Der Empfänger ist überlastet (503)." in page
    assert "angenommen (200)" in page
    assert receiver.messages[0].id in page
    assert pia.get(f"/outgoing/{number}/deliveries/99").status_code == 404
    assert pia.get("/outgoing/99/deliveries/1").status_code == 404


def test_a_deleted_endpoint_is_gone_and_gets_nothing(
    app: Flask, people: Cast, receiver: Receiver, pia: Browser
) -> None:
    with app.app_context():
        number, _secret = endpoint(people, receiver.url)
        make_proposal(people)
        spooling.spool()
    assert "gelöscht" in pia.post(f"/outgoing/{number}/delete", follow_redirects=True).text
    assert pia.get(f"/outgoing/{number}").status_code == 404
    with app.app_context():
        assert run(number) == 0
        assert receiver.messages == []
        assert [(row.status, row.reason) for row in rows()] == [("failed", "deleted")]


def test_the_log_is_kept_as_long_as_the_privacy_page_says(app: Flask, people: Cast, receiver: Receiver) -> None:
    with app.app_context():
        number, _secret = endpoint(people, receiver.url)
        with transaction():
            for days, status in ((13, "delivered"), (15, "delivered"), (89, "failed"), (91, "failed"), (181, "failed"),
                                 (200, "waiting")):  # fmt: skip
                db.session.add(
                    OutgoingDelivery(endpoint_id=number, webhook_id=f"msg_{days}", event="ballot.cast", payload="{}",
                                     status=status, created_at=now() - timedelta(days=days))
                )  # fmt: skip
        assert retention.sweep() == 4
        assert [(row.webhook_id, row.payload) for row in rows()] == [
            ("msg_13", "{}"), ("msg_15", None), ("msg_89", "{}"), ("msg_91", None),
        ]  # fmt: skip
        assert retention.sweep() == 0


def test_every_code_has_its_words_in_both_languages() -> None:
    german = i18n.catalogue("de")
    assert not [text for text in words.phrases() if text not in german]
