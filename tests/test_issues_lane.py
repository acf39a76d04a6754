"""The fast lane before the webhook's door ends exactly as the door does, and steps aside for all that is unusual."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from board.activity.models import Activity
from board.db import at, db, now, transaction
from board.issues import connections, lane, message
from board.issues.kept import picked
from board.issues.models import ConnectionSecret, Delivery, Issue, Repository
from board.policy import SYSTEM
from tests.factories import make_package
from tests.people import Cast
from tests.webhooks.forge import EVENT, Forge, github_issue, issue, rule_on
from tests.webhooks.test_shared import ENTRIES, FOLDER
from tests.worlds import empty

PROVIDERS = ("github", "gitlab", "gitea")


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What the lane has answered."""
    answers: list[bytes] = []
    receive = lane.Lane._receive

    def watched(self: lane.Lane, *args: Any) -> bytes:
        answers.append(receive(self, *args))
        return answers[-1]

    monkeypatch.setattr(lane.Lane, "_receive", watched)
    return answers


@pytest.fixture
def shut(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Shut the lane, or open it."""
    receive = lane.Lane._receive

    def refuse(*_args: Any) -> bytes:
        raise lane.TooUnusual

    return lambda closed: monkeypatch.setattr(lane.Lane, "_receive", refuse if closed else receive)


def warm(forge: Forge) -> None:
    """The first delivery makes the repository known and notes the secret's use: the next one may take the lane."""
    assert forge.post(issue(forge.provider, number=99), EVENT[forge.provider], id_="zuerst").status_code == 200


def everything(app: Flask) -> dict[str, list[Any]]:
    """What is kept, without the moments, durations and random parts."""
    leave = {
        "received_at",
        "first_seen_at",
        "active_at",
        "ms",
        "at",
        "created_at",
        "last_used_at",
        "body",
        "id",
        "deleted_at",
        "private_at",
    }
    found = {}
    with app.app_context():
        for model in (Activity, Delivery, Issue, Repository):
            columns = [c for c in model.__table__.c if c.name not in leave]
            rows = db.session.execute(select(*columns).order_by(model.__table__.c.id))
            found[model.__tablename__] = [tuple(row) for row in rows]
    return found


STORY: tuple[dict[str, Any], ...] = (
    {"number": 1, "title": "Karte <b>leer</b>"},
    {
        "number": 1,
        "title": "Karte",
        "body": None,
        "description": None,
        "updated_at": "2026-03-01T10:00:01Z",
    },
    {"number": 1, "title": "Älter", "updated_at": "2026-02-01T10:00:00Z"},
    {"number": 2, "labels": [{"name": "iOS", "title": "iOS"}, {"name": "Rad", "title": "Rad"}]},
    {"number": 2, "labels": [{"name": "iOS", "title": "iOS"}]},
    {"number": 2, "labels": [], "state": "closed"},
    {"number": 3, "title": "Drei \x00 Nullen 😀", "url": "javascript:alert(1)", "html_url": "javascript:alert(1)"},
    {"number": 3, "title": "Drei \x00 Nullen 😀", "url": "javascript:alert(1)", "html_url": "javascript:alert(1)"},
)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_story_told_through_the_lane_ends_as_one_told_at_the_door(
    app: Flask, shut: Callable[[bool], None], taken: list[bytes], provider: str
) -> None:
    ends = []
    for closed in (False, True):
        empty(app)
        forge = Forge(app, provider)
        warm(forge)
        shut(False) if not closed else shut(True)
        answers = [
            forge.post(issue(provider, **chapter), EVENT[provider], id_=f"fest-{n}").json
            for n, chapter in enumerate(STORY)
        ]
        ends.append((answers, everything(app)))
    assert ends[0] == ends[1]


@pytest.mark.skipif(not ENTRIES, reason="the folder of third-party payloads is not here")
def test_every_payload_ends_alike_on_both_ways(app: Flask, shut: Callable[[bool], None]) -> None:
    """One board for all payloads of a forge: they meet each other's repositories and issues."""
    for provider in PROVIDERS:
        ends = []
        for closed in (False, True):
            empty(app)
            forge = Forge(app, provider)
            shut(closed)
            warm(forge)
            answers = []
            for again in (0, 1):
                for entry in ENTRIES:
                    if entry["provider"] == provider:
                        raw = (FOLDER / entry["file"]).read_bytes()
                        answer = forge.post(raw, entry["event"], id_=f"{entry['file']}-{again}")
                        answers.append((entry["file"], answer.status_code, answer.json))
            ends.append((answers, everything(app)))
        for one, other in zip(*(end[0] for end in ends), strict=True):
            assert one == other
        for table, rows in ends[0][1].items():
            assert rows == ends[1][1][table]


@pytest.mark.skipif(not ENTRIES, reason="the folder of third-party payloads is not here")
def test_what_is_kept_of_a_delivery_reads_like_the_whole() -> None:
    read = 0
    for entry in ENTRIES:
        data = json.loads((FOLDER / entry["file"]).read_bytes())
        provider, event = entry["provider"], entry["event"]
        whole = message.read(provider, event, data, "").reading
        if whole is None or whole.snapshot is None or whole.known_only or whole.confidential:
            continue
        kept = json.loads(picked(provider, data))
        again = message.read(provider, event, kept, "").reading
        assert again is not None
        assert "@" not in json.dumps(kept).replace("[mail]", "")
        assert (again.repository, again.action, again.event) == (whole.repository, whole.action, whole.event)
        assert again.snapshot == whole.snapshot
        read += 1
    assert read > 20


def test_the_usual_takes_the_lane_and_a_replay_of_it_changes_nothing(app: Flask, taken: list[bytes]) -> None:
    from board.issues.replay import replay

    forge = Forge(app, "github")
    warm(forge)
    answer = forge.post(github_issue(1, body="Schreibt:\nmensch@example.org, " * 100))
    assert len(taken) == 1
    assert answer.data == taken[0]
    assert answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Request-Id"]
    before = everything(app)["issue"]
    with app.app_context():
        body = db.session.scalars(select(Delivery.body).where(Delivery.id == answer.json["delivery"])).one()
        assert "example.org" not in body
        with transaction():
            assert replay(answer.json["delivery"], SYSTEM).reason == "unchanged"
    assert len(everything(app)["issue"]) == len(before)


def test_what_was_overtaken_takes_the_lane_too_unless_it_still_tells_something(app: Flask, taken: list[bytes]) -> None:
    forge = Forge(app, "github")
    warm(forge)
    early, late = {"updated_at": "2026-03-01T10:00:00Z"}, {"updated_at": "2026-03-01T10:00:01Z"}
    forge.post(github_issue(1, title="Neu", **late))
    overtaken = forge.post(github_issue(1, title="Alt", **early))
    assert (overtaken.json["status"], overtaken.json["reason"]) == ("stale", "older")
    assert taken[-1] == overtaken.data
    silent = github_issue(2, **late)
    del silent["issue"]["labels"]
    forge.post(silent)
    ways = len(taken)
    assert forge.post(github_issue(2, **early)).json["status"] == "stale"
    assert len(taken) == ways, "its labels were never heard of: the door fills them in"
    with app.app_context():
        found = db.session.execute(select(Issue.title, Issue.labels).order_by(Issue.number)).all()
    assert [tuple(row) for row in found[:2]] == [("Neu", ["bug"]), ("Karte lädt nicht", ["bug"])]


def test_ten_copies_leave_one_row_and_the_right_state(app: Flask, taken: list[bytes]) -> None:
    forge = Forge(app, "github")
    warm(forge)
    answers = [forge.post(github_issue(1), id_="gleich").json["status"] for _ in range(10)]
    assert answers == ["processed"] + ["duplicate"] * 9
    assert len(taken) == 1
    assert len(everything(app)["delivery"]) == 2


def test_a_retired_secret_a_disabled_and_a_deleted_connection_are_noticed_at_once(
    app: Flask, taken: list[bytes]
) -> None:
    forge = Forge(app, "github")
    warm(forge)
    assert forge.post(github_issue(1)).status_code == 200
    with app.app_context(), transaction():
        connection = connections.locked(forge.id)
        other = connections.rotate(connection, SYSTEM)
        connections.retire(connection, SYSTEM, connections.active(forge.id)[0].id)
    assert forge.post(github_issue(2)).status_code == 401
    forge.secret = other
    assert forge.post(github_issue(2)).status_code == 200
    with app.app_context(), transaction():
        connections.disable(connections.locked(forge.id), SYSTEM)
    assert forge.post(github_issue(3)).json["reason"] == "disabled"
    with app.app_context(), transaction():
        connections.enable(connections.locked(forge.id), SYSTEM)
    assert forge.post(github_issue(3)).json["reason"] == "created"
    with app.app_context(), transaction():
        connections.delete(connections.locked(forge.id), SYSTEM)
    assert forge.post(github_issue(4)).status_code == 404
    assert [n for (_repo, n, *_rest) in everything(app)["issue"]] == [99, 1, 2, 3]


def test_what_more_follows_from_goes_through_the_door(app: Flask, people: Cast, taken: list[bytes]) -> None:
    with app.app_context():
        package_id = make_package(people)
    forge = Forge(app, "github")
    warm(forge)
    with app.app_context(), transaction():
        rule_on(forge, people.pia.actor, "Wunsch", "dismiss")
    hard: list[dict[str, Any]] = [
        {"body": f"Teil von AP-{package_id}"},
        {"labels": [{"name": "wunsch"}]},
        {"number": 6, "repository": {"private": True}},
        {"number": 7, "repository": {"full_name": "stadt/neu", "html_url": "https://github.com/stadt/neu"}},
        {"number": 8, "repository": {"id": 4713}},
        {"action": "deleted", "number": 99},
        {"pull_request": {"url": "x"}},
    ]
    for n, changes in enumerate(hard):
        assert forge.post(github_issue(**{"number": n + 100} | changes)).status_code == 200
    assert taken == []
    assert forge.post(github_issue(300), headers={"Content-Type": "text/plain"}).status_code == 200
    assert forge.post(github_issue(301), form=True).status_code == 200
    assert forge.post({"zen": "Ruhig."}, "ping").json["reason"] == "ping"
    assert forge.post(b'{"action":').status_code == 400
    assert forge.post(github_issue(302), headers={"X-Hub-Signature-256": "sha256=ä"}).status_code == 401
    assert forge.post(github_issue(303), headers={"Host": "anderswo.example"}).status_code == 400


def test_a_linked_issue_and_a_hidden_one_are_left_to_the_door(app: Flask, people: Cast, taken: list[bytes]) -> None:
    with app.app_context():
        package_id = make_package(people)
    forge = Forge(app, "gitlab")
    warm(forge)
    forge.post(issue("gitlab", number=1, description=f"AP-{package_id}"), EVENT["gitlab"])
    later = {"updated_at": "2026-03-02 10:00:00 UTC"}
    forge.post(issue("gitlab", number=1, description="Nichts mehr", **later), EVENT["gitlab"])
    forge.post(issue("gitlab", number=2, confidential=True), EVENT["gitlab"])
    forge.post(issue("gitlab", number=2, **later), EVENT["gitlab"])
    assert taken == []


def test_the_use_of_a_secret_is_noted_once_an_hour(app: Flask, taken: list[bytes]) -> None:
    forge = Forge(app, "github")
    warm(forge)
    with at(now() + timedelta(hours=2)):
        forge.post(github_issue(1))
        forge.post(github_issue(2))
    assert len(taken) == 1
    with app.app_context():
        assert db.session.scalars(select(ConnectionSecret.last_used_at)).one() > now() + timedelta(hours=1)
