"""Live: nothing missed, nobody told what is not theirs, no connection held, ended when it must end."""

import fcntl
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text, update

from board.accounts.models import LoginSession, Person
from board.activity.models import act
from board.db import db, now, transaction
from board.live import log, wire
from board.live import views as live
from board.live.stream import Stream
from board.live.wire import MAX_TOPICS, RELOAD
from board.partners.models import Partner
from board.policy import SYSTEM
from board.proposals.models import Proposal
from board.settings.verbs import change
from tests import factories
from tests.conftest import Browser, sign_in
from tests.people import Cast


@pytest.fixture
def hub(app: Flask) -> Iterator[Any]:
    """A hub of this test's own, so that no other test's thread or stream is in it."""
    app.extensions["stopping"] = threading.Event()
    app.extensions["live"] = hub = live.new_hub(app)
    yield hub
    app.extensions["stopping"].set()
    for thread in threading.enumerate():
        if thread.name == "live":
            thread.join(5)


def write(app: Flask, people: Cast, verb: str = "partner.pause", times: int = 1) -> None:
    """Let something happen to Celle."""
    with app.app_context(), transaction():
        for _ in range(times):
            act(
                SYSTEM if verb == "proposal.import" else people.dora.actor,
                verb,
                db.session.get_one(Partner, people.celle),
            )


def cursor(app: Flask, who: Any = None) -> str:
    """The cursor of a page that is made now."""
    with app.app_context():
        position = log.log_of(db.engine).latest(db.session.connection())
        return wire.cursor(position, who.person_id if who else None)


class Listener:
    """Reads a stream in a thread of its own, as a browser would."""

    def __init__(self, client: Browser, after: str, **headers: str) -> None:
        self.response = client.get("/live", query_string={"after": after}, headers=headers)
        self.topics: list[str] = []
        self.last_id = after
        self.ended = threading.Event()
        self.text = ""
        self._thread = threading.Thread(target=self._read, daemon=True)
        if self.response.status_code == 200:
            self._thread.start()

    def _read(self) -> None:
        for chunk in self.response.iter_encoded():
            for line in chunk.decode().splitlines():
                self.text += line + "\n"
                if line.startswith("event: "):
                    self.topics.append(line[7:])
                elif line.startswith("id: "):
                    self.last_id = line[4:]
        self.ended.set()

    def hears(self, topic: str, seconds: float = 3) -> bool:
        """Whether the topic arrives in time."""
        return eventually(lambda: topic in self.topics, seconds)


def eventually(true: Any, seconds: float = 3) -> bool:
    """Whether it becomes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.01)
    return bool(true())


def settle(client: Browser, after: str) -> None:
    """Wait until polling from there has caught up: on PostgreSQL other databases of the server hold it up a little."""
    cursors = [after]

    def caught_up() -> bool:
        answer = client.get("/live/topics", query_string={"after": cursors[-1]}).json
        cursors.append(answer["cursor"])
        return answer["topics"] == []

    assert eventually(caught_up, 5)


@contextmanager
def listening(app: Flask, client: Browser, after: str, **headers: str) -> Iterator[Listener]:
    """A listener that leaves at the end."""
    hub = app.extensions["live"]
    others = hub._open()
    listener = Listener(client, after, **headers)
    mine = [stream for stream in hub._open() if stream not in others]
    try:
        yield listener
    finally:
        for stream in mine:
            stream.end()
        assert listener.ended.wait(3) or not mine
        listener.response.close()


def test_a_stream_says_hello_at_once_and_then_tells_topics(app: Flask, people: Cast, hub: Any, ada: Browser) -> None:
    with listening(app, ada, cursor(app, people.ada)) as ada_hears:
        assert ada_hears.response.mimetype == "text/event-stream"
        assert ada_hears.response.headers["Cache-Control"] == "no-store"
        assert eventually(lambda: ada_hears.text.startswith(": hi\n"))
        write(app, people)
        assert ada_hears.hears(f"partner-{people.celle}")
        assert ada_hears.last_id.endswith(f"~{people.ada.person_id}")


def test_strangers_stop_following_when_reading_is_no_longer_public(
    app: Flask, people: Cast, hub: Any, gast: Browser, ada: Browser
) -> None:
    with listening(app, gast, cursor(app)) as guest, listening(app, ada, cursor(app, people.ada)) as ada_hears:
        with app.app_context(), transaction():
            change("public", False, people.dora.actor)
        assert guest.ended.wait(5)
        assert not ada_hears.ended.is_set()
        assert gast.get("/live").status_code == 401


def test_what_was_written_between_page_and_stream_is_told(app: Flask, people: Cast, hub: Any, gast: Browser) -> None:
    before = cursor(app)
    write(app, people)
    with listening(app, gast, before) as guest:
        assert guest.hears(f"partner-{people.celle}")


def test_what_is_written_while_a_stream_is_being_opened_is_told(
    app: Flask, people: Cast, hub: Any, ada: Browser, gast: Browser
) -> None:
    """The request has looked at the database before the hub knows the stream, and others have heard it already."""
    opened = hub.open
    with listening(app, gast, cursor(app)) as guest:

        def late(*stream: Any) -> bool:
            write(app, people)
            assert guest.hears(f"partner-{people.celle}")
            return bool(opened(*stream))

        hub.open = late
        with listening(app, ada, cursor(app, people.ada)) as ada_hears:
            assert ada_hears.hears(f"partner-{people.celle}")


def test_last_event_id_is_preferred_to_the_cursor_of_the_page(
    app: Flask, people: Cast, hub: Any, gast: Browser
) -> None:
    before = cursor(app)
    write(app, people)
    settle(gast, before)
    with listening(app, gast, before, **{"Last-Event-ID": cursor(app)}) as guest:
        assert not guest.hears(f"partner-{people.celle}", 0.5)


@pytest.mark.parametrize("unknown", ["999999999999999999~", "999999999999-7~", "nonsense~", "~", "", "-1", "1" * 40])
def test_an_unknown_cursor_gets_a_reload(app: Flask, people: Cast, hub: Any, gast: Browser, unknown: str) -> None:
    with listening(app, gast, unknown) as guest:
        assert guest.hears(RELOAD)
    assert gast.get("/live/topics", query_string={"after": unknown}).json["topics"] == [RELOAD]


def test_polling_tells_the_same_as_the_stream(app: Flask, people: Cast, hub: Any, ada: Browser) -> None:
    before = cursor(app, people.ada)
    write(app, people, times=3)
    with listening(app, ada, before) as stream:
        assert stream.hears("activity")
        polled = ada.get("/live/topics", query_string={"after": before})
        assert eventually(lambda: set(polled.json["topics"]) == set(stream.topics))
    assert polled.headers["Cache-Control"] == "no-store"
    settle(ada, polled.json["cursor"])


def test_a_stranger_does_not_learn_who_cast_a_ballot(
    app: Flask, people: Cast, hub: Any, gast: Browser, ada: Browser
) -> None:
    (proposal,) = proposals(app, people, 1)
    with listening(app, gast, cursor(app)) as guest, listening(app, ada, cursor(app, people.ada)) as member:
        with app.app_context():
            factories.cast(people, proposal, "for", by=people.cleo.actor)
        assert guest.hears(f"tally-{proposal}")
        assert member.hears(f"ballot-{proposal}-{people.celle}")
        told = [t for t in guest.topics if t.startswith(("ballot", "partner"))]
    assert told == []
    polled = gast.get("/live/topics", query_string={"after": guest.last_id}).json["topics"]
    assert not [t for t in polled if t.startswith(("ballot", "partner"))]


def test_beyond_the_cap_a_stream_is_refused_and_a_place_that_is_left_is_free(
    app: Flask, people: Cast, hub: Any, gast: Browser
) -> None:
    hub.cap = 1
    with listening(app, gast, cursor(app)):
        refused = gast.get("/live", query_string={"after": cursor(app)})
        assert refused.status_code == 503
        assert int(refused.headers["Retry-After"]) > 0
        assert gast.get("/live/topics", query_string={"after": cursor(app)}).status_code == 200
    with listening(app, gast, cursor(app)) as second:
        assert second.response.status_code == 200


def test_a_stream_holds_no_database_connection(app: Flask, people: Cast, hub: Any, gast: Browser) -> None:
    with app.app_context():
        pool = db.engine.pool
    with listening(app, gast, cursor(app)):
        assert eventually(lambda: pool.checkedout() <= 1)  # type: ignore[attr-defined]  # SQLite's watch
        with listening(app, gast, cursor(app)), listening(app, gast, cursor(app)):
            assert eventually(lambda: pool.checkedout() <= 1)  # type: ignore[attr-defined]


def test_signing_out_ends_the_stream_and_the_next_one_is_refused(
    app: Flask, people: Cast, hub: Any, ada: Browser
) -> None:
    page = cursor(app, people.ada)
    with listening(app, ada, page) as stream:
        other = sign_in(app, people.ada.person_id, people.ada.membership_id)
        assert other.post("/sign-out-everywhere").status_code == 303
        assert stream.ended.wait(3)
    refused = ada.get("/live", query_string={"after": page}, partial=True)
    assert refused.status_code == 401
    assert refused.headers["HX-Retarget"] == "#flash"
    assert ada.get("/live/topics", query_string={"after": page}).status_code == 401


def test_a_session_that_ends_without_a_word_ends_its_stream_at_the_next_check(
    app: Flask, people: Cast, hub: Any, ada: Browser, gast: Browser
) -> None:
    with listening(app, ada, cursor(app, people.ada)) as stream, listening(app, gast, cursor(app)) as guest:
        with app.app_context(), transaction():
            db.session.execute(update(LoginSession).values(ended_at=now()))
        hub._check_at = 0
        assert stream.ended.wait(3)
        assert not guest.ended.is_set()


def test_disabling_a_person_ends_their_stream(app: Flask, people: Cast, hub: Any, ada: Browser) -> None:
    with listening(app, ada, cursor(app, people.ada)) as stream:
        with app.app_context(), transaction():
            person = db.session.get_one(Person, people.ada.person_id)
            act(people.dora.actor, "person.disable", person)
            person.disabled_at = now()
        assert stream.ended.wait(3)


def test_somebody_elses_page_gets_no_stream(app: Flask, people: Cast, hub: Any, ada: Browser) -> None:
    assert ada.get("/live", query_string={"after": cursor(app, people.cleo)}).status_code == 401


def test_stopping_the_server_ends_all_streams_quickly(app: Flask, people: Cast, hub: Any, gast: Browser) -> None:
    with listening(app, gast, cursor(app)) as stream:
        assert not stream.ended.wait(0.2)
        app.extensions["stopping"].set()
        assert stream.ended.wait(2)
    with gast.get("/live", query_string={"after": cursor(app)}) as late:
        assert late.text == ": hi\n\n"


def test_every_page_carries_the_position_at_which_its_request_began(
    app: Flask, people: Cast, hub: Any, ada: Browser
) -> None:
    before = cursor(app)
    found = re.search(r'hx-sse:connect="/live\?after=([\d-]+)(?:~|%7E)(\d+)"', ada.get("/").text)
    assert found
    position, person = found.groups()
    assert log.read(before.rstrip("~")) <= log.read(position) <= log.read(cursor(app).rstrip("~"))
    assert int(person) == people.ada.person_id
    assert "hx-sse:connect" not in ada.get("/account").text
    assert "hx-sse:connect" not in ada.get("/nothing-here").text


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_position_never_names_a_transaction_that_a_crash_could_take_back(app: Flask, people: Cast) -> None:
    """What was undone may not be on PostgreSQL's disk yet: after `kill -9` the same number is somebody else's."""
    with app.app_context():
        factories.make_proposal(people)
        before = cursor(app)
        xid = db.session.scalar(text("SELECT pg_current_xact_id()::text"))
        db.session.rollback()
        position = log.read(cursor(app).rstrip("~"))
        newest = db.session.execute(text("SELECT xid::text, id FROM activity ORDER BY id DESC LIMIT 1")).one()
        assert cursor(app) == before
        assert position == tuple(map(int, newest))
        assert position[0] < int(xid)


def test_a_stream_tells_each_topic_once_and_too_many_as_a_reload() -> None:
    stream = Stream()
    stream.tell(["a", "b", "a"], (1,))
    stream.tell(["b"], (2,))
    assert stream.wait(0) == (["a", "b"], (2,))
    assert stream.wait(0) == ([], (2,))
    stream.tell([f"t-{n}" for n in range(MAX_TOPICS + 1)], (3,))
    assert stream.wait(0) == ([RELOAD], (3,))


def test_a_database_that_was_restored_behind_our_back_means_reload(
    app: Flask, people: Cast, hub: Any, gast: Browser
) -> None:
    with listening(app, gast, cursor(app)) as stream:
        hub.position = (10**12,) if len(hub.position) == 1 else (10**12, 1)
        write(app, people)
        assert stream.hears(RELOAD)
        write(app, people)
        assert stream.hears(f"partner-{people.celle}")


def proposals(app: Flask, people: Cast, count: int) -> list[int]:
    """So many proposals; their making is not in the log."""
    with app.app_context(), transaction():
        rows = [Proposal(title=f"Nr. {n}", topic_id=people.defects) for n in range(count)]
        db.session.add_all(rows)
        db.session.flush()
        return [row.id for row in rows]


def test_nothing_is_missed_by_a_reader_that_loses_its_connection_again_and_again(
    app: Flask, people: Cast, hub: Any, gast: Browser
) -> None:
    ids = proposals(app, people, 200)
    after, heard = cursor(app), set[str]()

    def writer(mine: list[int]) -> None:
        for proposal in mine:
            with app.app_context(), transaction():
                act(SYSTEM, "proposal.import", db.session.get_one(Proposal, proposal))
                time.sleep(0.001)

    writers = [threading.Thread(target=writer, args=(ids[n::4],)) for n in range(4)]
    with late_writer(app, people, proposals(app, people, 1)[0]) as late:
        for thread in writers:
            thread.start()
        expected = {f"proposal-{n}" for n in ids}
        end, connections = time.monotonic() + 20, 0
        while time.monotonic() < end and not (heard >= expected and late.topic in heard):
            with listening(app, gast, after) as stream:
                time.sleep(0.03)
            stream.ended.wait(2)
            heard |= set(stream.topics)
            after, connections = stream.last_id, connections + 1
            if heard >= expected or connections == 20:
                late.commit()
        for thread in writers:
            thread.join()
    assert expected - heard == set()
    assert late.topic in heard
    assert connections > 5


class late_writer:  # noqa: N801 - reads as a sentence
    """On PostgreSQL: a transaction that writes first and commits last. On SQLite nobody can write beside it."""

    def __init__(self, app: Flask, people: Cast, proposal: int) -> None:
        with app.app_context():
            self.connection = db.engine.connect()
        self.topic = f"proposal-{proposal}"
        self.begun = self.connection.dialect.name == "postgresql"
        self.values = {"verb": "proposal.import", "at": now(), "proposal": proposal}

    def __enter__(self) -> "late_writer":
        if self.begun:
            self._insert()
        return self

    def commit(self) -> None:
        if not self.connection.closed:
            if not self.begun:
                self.connection.execution_options(write=True)
                self._insert()
            self.connection.commit()
            self.connection.close()

    def _insert(self) -> None:
        self.connection.execute(
            text(
                "INSERT INTO activity (at, verb, source, proposal_id, details)"
                " VALUES (:at, :verb, 'system', :proposal, '{}')"
            ),
            self.values,
        )

    def __exit__(self, *_problem: object) -> None:
        self.connection.close()


def test_on_postgresql_a_slow_transaction_holds_up_nobody_elses_news(
    app: Flask, people: Cast, hub: Any, gast: Browser
) -> None:
    slow, quick = proposals(app, people, 2)
    with late_writer(app, people, slow) as late, listening(app, gast, cursor(app)) as stream:
        with app.app_context(), transaction():
            act(SYSTEM, "proposal.import", db.session.get_one(Proposal, quick))
        assert stream.hears(f"proposal-{quick}", 2)
        late.commit()
        assert stream.hears(f"proposal-{slow}", 2)
        assert stream.topics.count(f"proposal-{quick}") == 1


def test_a_stream_on_a_high_socket_number_is_not_taken_for_gone() -> None:
    ours, theirs = socket.socketpair()
    high = socket.socket(fileno=fcntl.fcntl(ours.fileno(), fcntl.F_DUPFD, 1100))
    ours.close()
    stream = Stream(connection=high)
    assert not stream.deserted()
    theirs.close()
    assert stream.deserted()
    high.close()
