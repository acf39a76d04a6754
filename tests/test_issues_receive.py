"""The webhook's door: who is let in, in which order it is asked, what is kept, and that nothing ends in a 5xx."""

import base64
import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from board.db import at, db, now, transaction
from board.issues import connections, receive, replay, retention
from board.issues.models import Connection, ConnectionSecret, Delivery, Issue
from board.policy import SYSTEM
from tests.webhooks.forge import EVENT, SECRETS, VARIANTS, Forge, github_issue, gitlab_issue, issue, sign

PROVIDERS = ("github", "gitlab", "gitea")


def deliveries(app: Flask) -> list[Delivery]:
    with app.app_context():
        return list(db.session.scalars(select(Delivery).order_by(Delivery.id)))


def issues(app: Flask) -> list[Issue]:
    with app.app_context():
        return list(db.session.scalars(select(Issue).order_by(Issue.number)))


@pytest.mark.parametrize(("provider", "variant", "form"), VARIANTS)
def test_a_signed_issue_is_taken_in_with_every_way_of_signing(
    app: Flask, provider: str, variant: str, form: bool
) -> None:
    answer = Forge(app, provider).post(issue(provider), EVENT[provider], variant=variant, form=form)
    assert (answer.status_code, answer.json["status"]) == (200, "processed")
    assert answer.mimetype == "application/json"
    (one,) = issues(app)
    assert (one.number, one.title, one.state, one.labels) == (5, "Karte lädt nicht", "open", ["bug"])


WRONG: list[tuple[str, dict[str, str]]] = [
    ("github", {"X-Hub-Signature-256": "sha256=" + "0" * 64}),
    ("github", {"X-Hub-Signature-256": ""}),
    ("github", {"X-Hub-Signature-256": "sha256="}),
    ("github", {"X-Hub-Signature-256": "sha1=abc"}),
    ("github", {"X-Hub-Signature-256": "sha256=ü€"}),
    ("gitlab", {"X-Gitlab-Token": "falsch"}),
    ("gitlab", {"X-Gitlab-Token": ""}),
    ("gitlab", {"X-Gitlab-Token": "geheimnß"}),
    ("gitlab", {"webhook-signature": "v1,AAAA", "webhook-id": "1", "webhook-timestamp": "1"}),
    ("gitlab", {"webhook-signature": "", "webhook-id": "1", "webhook-timestamp": "1"}),
    ("gitlab", {"webhook-signature": "v1,ü", "webhook-id": "1", "webhook-timestamp": "1"}),
    ("gitlab", {"webhook-signature": "v1a,AAAA"}),
    ("gitea", {"X-Gitea-Signature": "0" * 64}),
    ("gitea", {"X-Gitea-Signature": "", "X-Hub-Signature-256": ""}),
    ("gitea", {"X-Gitea-Signature": "ü" * 64}),
]


@pytest.mark.parametrize(("provider", "headers"), WRONG)
def test_a_wrong_missing_empty_or_strange_signature_leaves_nothing_but_a_count(
    app: Flask, provider: str, headers: dict[str, str]
) -> None:
    forge = Forge(app, provider)
    wire = {name: value.encode().decode("latin-1") for name, value in headers.items()}
    assert forge.post(issue(provider), EVENT[provider], headers=wire).status_code == 401
    assert deliveries(app) == []
    assert issues(app) == []
    with app.app_context():
        assert db.session.get_one(Connection, forge.id).n_refused == 1


@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_signature_at_all_is_refused(app: Flask, provider: str) -> None:
    forge = Forge(app, provider)
    assert app.test_client().post(forge.url, json=issue(provider)).status_code == 401
    assert deliveries(app) == []


def test_a_github_signature_does_not_open_a_gitlab_connection(app: Flask) -> None:
    forge = Forge(app, "gitlab")
    raw = json.dumps(gitlab_issue()).encode()
    headers = sign("github", SECRETS["gitlab"], raw, raw, "issues", "1", "")
    assert app.test_client().post(forge.url, data=raw, headers=headers).status_code == 401


def test_an_unknown_address_is_404_and_says_so_without_html(app: Flask) -> None:
    forge = Forge(app, "github")
    for url in ("/hooks/github/" + "0" * 32, f"/hooks/gitlab/{forge.public_id}", "/hooks/bitbucket/x"):
        answer = app.test_client().post(url, json={})
        assert (answer.status_code, answer.mimetype) == (404, "application/json")


def test_the_length_must_be_said_and_fit(app: Flask) -> None:
    forge = Forge(app, "github")
    client = app.test_client()
    chunked = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    assert client.post(forge.url, data=b"{}", environ_overrides={**chunked, "CONTENT_LENGTH": ""}).status_code == 411
    assert client.post(forge.url, data=b"{}", environ_overrides=chunked).status_code == 411
    assert (
        client.post(forge.url, data=b"{}", environ_overrides={"CONTENT_LENGTH": str(5 * 1024 * 1024 + 1)}).status_code
        == 413
    )
    assert client.post(forge.url, data=b"{}", environ_overrides={"CONTENT_LENGTH": "10"}).status_code == 400
    assert deliveries(app) == []


def test_a_delivery_may_be_larger_than_a_form(app: Flask) -> None:
    answer = Forge(app, "github").post(github_issue(body="x" * 3_000_000))
    assert answer.status_code == 200
    assert len(issues(app)[0].body) == 64 * 1024


UNREADABLE = [
    b" ", b"{", b"[]", b"null", b'"text"', b"\xff\xfe{}", b'{"a": "\xff"}', b"[" * 200_000, b'{"a":' * 100_000,
    b'{"n": ' + b"9" * 5_000 + b"}",
]  # fmt: skip


@pytest.mark.parametrize("raw", UNREADABLE, ids=range(len(UNREADABLE)))
@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_cannot_be_read_is_400_and_its_text_is_not_kept(app: Flask, provider: str, raw: bytes) -> None:
    assert Forge(app, provider).post(raw, EVENT[provider]).status_code == 400
    (row,) = deliveries(app)
    assert (row.status, row.reason, row.body) == ("failed", "unreadable", None)


ODD: list[Any] = [
    {}, {"issue": []}, {"issue": {"number": "5"}}, {"issue": {"number": 2**60}}, {"issue": {"number": True}},
    {"issue": {"number": 0}, "repository": {"id": 1, "full_name": "a/b"}}, {"repository": "x", "issue": "y"},
    {"object_kind": "issue", "object_attributes": {"iid": -1}, "project": {"id": 3}},
    {"object_kind": ["issue"], "object_attributes": None, "project": []},
    {"object_kind": "push", "commits": [None, 3, {"message": 7}], "project": {"id": 3}, "ref": 5},
    {"object_kind": "merge_request", "object_attributes": {"iid": 3, "title": []}, "project": {"id": 3}},
    {"action": {"a": 1}, "issue": {"number": 3, "title": ["x"], "labels": [1, None, {"name": 5}], "state": 7},
     "repository": {"id": 3, "full_name": "a/b", "html_url": "javascript:alert(1)", "private": "no"}},
]  # fmt: skip


@pytest.mark.parametrize("payload", ODD, ids=range(len(ODD)))
@pytest.mark.parametrize("provider", PROVIDERS)
def test_odd_shapes_never_end_in_a_5xx(app: Flask, provider: str, payload: Any) -> None:
    forge = Forge(app, provider)
    for event in (EVENT[provider], "issue_comment", "push", "pull_request", "ping", "Confidential Issue Hook", ""):
        assert forge.post(payload, event).status_code in {200, 202}
    assert not [row for row in deliveries(app) if row.status == "failed" and row.reason.startswith("crash")]


def test_nul_surrogates_and_script_are_harmless_text(app: Flask) -> None:
    payload = github_issue(
        title="A\x00B <script>alert(1)</script> \ud800", body="\x00\udfff", labels=[{"name": "x\x00"}]
    )
    assert Forge(app, "github").post(payload).status_code == 200
    (one,) = issues(app)
    assert one.title == "AB <script>alert(1)</script> "
    assert (one.body, one.labels) == ("", ["x"])


def test_too_long_texts_are_cut(app: Flask) -> None:
    Forge(app, "github").post(github_issue(title="ä" * 2000, body="ä" * 70_000, labels=[{"name": "l" * 500}] * 300))
    (one,) = issues(app)
    assert (len(one.title), len(one.body.encode()), one.labels) == (1000, 64 * 1024, ["l" * 200])


def test_the_same_delivery_counts_once_and_a_redelivery_by_hand_is_told_apart(app: Flask) -> None:
    forge = Forge(app, "gitea")
    assert forge.post(github_issue(), id_="eins").json["status"] == "processed"
    assert forge.post(github_issue(), id_="eins").json["status"] == "duplicate"
    assert forge.post(github_issue(), id_="zwei").json["status"] == "duplicate"
    first, second = deliveries(app)
    assert (first.copies, first.status, second.status) == (1, "processed", "duplicate")
    assert len(issues(app)) == 1


@pytest.mark.parametrize("provider", PROVIDERS)
def test_ten_copies_at_once_are_one_row(app: Flask, provider: str) -> None:
    forge, answers = Forge(app, provider), []
    together = threading.Barrier(10)

    def send() -> None:
        together.wait()
        answers.append(forge.post(issue(provider), EVENT[provider], id_="eins").status_code)

    threads = [threading.Thread(target=send) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 10
    (row,) = deliveries(app)
    assert (row.copies, row.status) == (9, "processed")
    assert len(issues(app)) == 1


def test_ten_different_deliveries_of_one_new_issue_at_once_make_one_issue(app: Flask) -> None:
    forge, answers = Forge(app, "github"), []
    together = threading.Barrier(10)

    def send(minute: int) -> None:
        together.wait()
        payload = github_issue(title=f"Stand {minute}", updated_at=f"2026-03-01T10:0{minute}:00Z")
        answers.append(forge.post(payload).status_code)

    threads = [threading.Thread(target=send, args=(n,)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 10
    (one,) = issues(app)
    assert one.title == "Stand 9"


def test_a_failure_is_kept_answered_with_202_and_replayed_by_an_operator(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    forge = Forge(app, "github")

    def broken(*_args: Any, **_more: Any) -> None:
        raise KeyError("Karte lädt nicht")

    with monkeypatch.context() as patch:
        patch.setattr(receive, "apply", broken)
        answer = forge.post(github_issue())
    assert (answer.status_code, answer.json["reason"]) == (202, "crash:KeyError")
    assert issues(app) == []
    with app.app_context():
        assert [a.status for a in replay.replay_failed(forge.id, SYSTEM)] == ["processed"]
        assert replay.replay_failed(forge.id, SYSTEM) == []
    assert issues(app)[0].title == "Karte lädt nicht"


def test_a_redelivery_of_a_failed_delivery_tries_again(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    forge = Forge(app, "github")
    with monkeypatch.context() as patch:
        patch.setattr(receive, "apply", lambda *_a, **_k: 1 / 0)
        assert forge.post(github_issue(), id_="eins").status_code == 202
    assert forge.post(github_issue(), id_="eins").json["status"] == "processed"
    assert len(issues(app)) == 1


def test_a_replay_of_everything_changes_nothing(app: Flask) -> None:
    forge = Forge(app, "github")
    forge.post(github_issue())
    forge.post(github_issue(state="closed", updated_at="2026-03-02T10:00:00Z"))
    before = issues(app)[0].version
    with app.app_context():
        for row in deliveries(app):
            with transaction():
                replay.replay(row.id, SYSTEM)
    (one,) = issues(app)
    assert (one.version, one.state) == (before, "closed")


def test_mail_addresses_commits_and_secrets_are_not_stored(app: Flask) -> None:
    payload = github_issue() | {
        "secret": "im-klartext", "head_commit": {"message": "nein"}, "pusher": {"name": "x"},
        "commits": [{"message": "AP-3: Karte", "author": {"name": "Erika", "email": "erika@example.org"}}],
        "note": "Schreiben Sie an erika.muster@example.org",
    }  # fmt: skip
    Forge(app, "github").post(payload)
    kept = deliveries(app)[0].body or ""
    assert "example.org" not in kept
    assert "im-klartext" not in kept
    assert "Erika" not in kept
    assert json.loads(kept)["commits"] == [{"message": "AP-3"}]


def test_secrets_rotate_with_two_valid_at_once_and_the_matching_one_is_recorded(app: Flask) -> None:
    forge = Forge(app, "github")
    with app.app_context():
        with transaction():
            fresh = connections.rotate(connections.locked(forge.id), SYSTEM)
        with transaction():
            first, second = (s.id for s in connections.active(forge.id))
    forge.post(github_issue())
    forge.secret = fresh
    forge.post(github_issue(6))
    assert [row.secret_id for row in deliveries(app)] == [first, second]
    with app.app_context():
        assert all(s.last_used_at for s in db.session.scalars(select(ConnectionSecret)))
        with transaction():
            connections.retire(connections.locked(forge.id), SYSTEM, first)
    assert forge.post(github_issue(7)).status_code == 200
    forge.secret = SECRETS["github"]
    assert forge.post(github_issue(8)).status_code == 401


def test_secrets_are_not_readable_in_the_database(app: Flask) -> None:
    Forge(app, "github")
    with app.app_context():
        box = db.session.scalars(select(ConnectionSecret.box)).one()
        assert box is not None
        assert SECRETS["github"].encode() not in box
        key = app.config["BOARD"].data / "key"
        assert key.stat().st_mode & 0o777 == 0o600
        assert len(base64.urlsafe_b64decode(key.read_text())) == 32


def test_a_disabled_connection_answers_with_success_but_takes_nothing_in(app: Flask) -> None:
    forge = Forge(app, "gitlab")
    with app.app_context(), transaction():
        connections.disable(connections.locked(forge.id), SYSTEM)
    assert forge.post(gitlab_issue(), "Issue Hook").json["reason"] == "disabled"
    assert issues(app) == []
    assert deliveries(app)[0].body is None
    with app.app_context(), transaction():
        connections.delete(connections.locked(forge.id), SYSTEM)
    assert forge.post(gitlab_issue(), "Issue Hook").status_code == 404


def test_a_repository_that_was_not_named_waits_for_the_operator(app: Flask) -> None:
    forge = Forge(app, "gitlab", repositories=[("stadt/andere", 99)], accept_new=False)
    assert forge.post(gitlab_issue(), "Issue Hook").json["reason"] == "unknown_repository"
    assert issues(app) == []
    named = Forge(app, "gitlab", repositories=[("stadt/app", 4712)], accept_new=False)
    assert named.post(gitlab_issue(), "Issue Hook").json["status"] == "processed"


def test_pings_are_recognised(app: Flask) -> None:
    ping = {"zen": "Keep it light.", "hook_id": 1, "hook": {"config": {"secret": "x"}}}
    assert Forge(app, "github").post(ping, "ping").json["reason"] == "ping"


def test_bodies_are_kept_14_days_failed_ones_90_and_everything_180(app: Flask) -> None:
    forge = Forge(app, "github")
    with app.app_context():
        for days, reason in ((200, "ok"), (100, "failed"), (50, "failed"), (20, "processed"), (3, "processed")):
            with at(now() - timedelta(days=days)), transaction():
                status = "failed" if reason == "failed" else "processed"
                db.session.add(Delivery(connection_id=forge.id, body_hash=str(days), status=status, body="{}"))
        retention.sweep()
        kept = [(d.body_hash, d.body is not None) for d in db.session.scalars(select(Delivery).order_by(Delivery.id))]
        assert kept == [("100", False), ("50", True), ("20", False), ("3", True)]
        assert db.session.scalar(select(func.count()).select_from(Delivery)) == 4
