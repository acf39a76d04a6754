"""Snapshots: what counts, what stays hidden, what never comes back."""

import itertools
import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from board.activity.models import Activity
from board.db import Base, db, transaction
from board.errors import Denied
from board.issues import connections, queries
from board.issues.connections import Wishes
from board.issues.models import Issue, Repository
from tests.conftest import counting
from tests.webhooks.forge import EVENT, Forge, github_issue, gitlab_issue, issue
from tests.worlds import empty

SECRET_WORDS = "Sicherheitslücke im Rathaus"


def only(app: Flask) -> Issue:
    with app.app_context():
        return db.session.scalars(select(Issue)).one()


@pytest.mark.parametrize("provider", ["github", "gitlab", "gitea"])
def test_the_newest_snapshot_stands_in_whatever_order_they_come(app: Flask, provider: str) -> None:
    steps: list[dict[str, Any]] = [
        {"title": "Eins", "updated_at": "2026-03-01T11:00:00+01:00"},
        {"title": "Zwei", "updated_at": "2026-03-01 10:30:00 UTC"},
        {"title": "Drei", "state": "closed", "updated_at": "2026-03-01T20:00:00+09:00"},
    ]
    for order in itertools.permutations(steps):
        empty(app)
        forge = Forge(app, provider)
        for step in order:
            assert forge.post(issue(provider, **step), EVENT[provider]).status_code == 200
        assert (only(app).title, only(app).state) == ("Drei", "closed")


def test_an_equal_time_counts_and_an_older_one_is_stale(app: Flask) -> None:
    forge = Forge(app, "gitlab")
    forge.post(gitlab_issue(), "Issue Hook")
    assert forge.post(gitlab_issue(labels=[{"title": "neu"}]), "Issue Hook").json["status"] == "processed"
    assert only(app).labels == ["neu"]
    old = gitlab_issue(title="Alt", updated_at="2026-02-01 10:00:00 UTC")
    assert forge.post(old, "Issue Hook").json["status"] == "stale"
    assert only(app).title == "Karte lädt nicht"


def test_an_absent_key_keeps_the_value_and_an_empty_one_empties_it(app: Flask) -> None:
    forge = Forge(app, "github")
    forge.post(github_issue())
    bare = github_issue(updated_at="2026-03-02T10:00:00Z", body=None, labels=[])
    del bare["issue"]["state"], bare["issue"]["title"]
    forge.post(bare)
    one = only(app)
    assert (one.title, one.state, one.body, one.labels) == ("Karte lädt nicht", "open", "", [])


def test_what_was_never_heard_is_learnt_even_from_an_older_snapshot(app: Flask) -> None:
    forge = Forge(app, "github")
    bare = github_issue(updated_at="2026-03-02T10:00:00Z")
    del bare["issue"]["labels"], bare["issue"]["state"]
    forge.post(bare)
    assert forge.post(github_issue(state="closed")).json["status"] == "stale"
    assert (only(app).labels, only(app).state) == (["bug"], "closed")


def test_deleted_never_comes_back_in_whatever_order(app: Flask) -> None:
    forge = Forge(app, "github")
    forge.post(github_issue(action="deleted"))
    forge.post(github_issue(updated_at="2026-09-01T10:00:00Z"))
    one = only(app)
    assert (one.visible, one.title, one.hidden) == (False, "", "deleted")
    forge.post(github_issue(6))
    assert forge.post(github_issue(6, action="transferred")).json["status"] == "withdrawn"
    forge.post(github_issue(6, updated_at="2026-09-01T10:00:00Z"))
    with app.app_context():
        assert not db.session.scalars(select(Issue).where(Issue.visible)).all()


SIGNS: list[tuple[str, dict[str, Any]]] = [
    ("Confidential Issue Hook", {}),
    ("Issue Hook", {"event_type": "confidential_issue"}),
    ("Issue Hook", {"confidential": True}),
]


@pytest.mark.parametrize(("event", "sign"), SIGNS)
def test_any_sign_of_confidentiality_hides_an_issue(app: Flask, event: str, sign: dict[str, Any]) -> None:
    forge = Forge(app, "gitlab")
    forge.post(gitlab_issue(title=SECRET_WORDS), "Issue Hook")
    assert (
        forge.post(gitlab_issue(title=SECRET_WORDS, description=SECRET_WORDS, **sign), event).json["status"]
        == "withdrawn"
    )
    one = only(app)
    assert (one.visible, one.title, one.body, one.url, one.labels) == (False, "", "", "", None)


def test_confidential_comes_back_only_with_a_strictly_newer_public_snapshot(app: Flask) -> None:
    forge = Forge(app, "gitlab")
    forge.post(gitlab_issue(confidential=True), "Issue Hook")
    assert forge.post(gitlab_issue(), "Issue Hook").json["status"] == "stale"
    assert not only(app).visible
    forge.post(gitlab_issue(updated_at="2026-03-01 10:00:01 UTC"), "Issue Hook")
    assert only(app).visible
    assert forge.post(gitlab_issue(confidential=True), "Issue Hook").json["status"] == "stale"
    assert only(app).visible


def test_an_internal_note_does_not_hide_the_public_issue_under_which_it_stands(app: Flask) -> None:
    forge = Forge(app, "gitlab")
    forge.post(gitlab_issue(), "Issue Hook")
    note = {
        "object_kind": "note", "event_type": "confidential_note", "project": gitlab_issue()["project"],
        "object_attributes": {"note": SECRET_WORDS}, "issue": {"iid": 5, "confidential": False, "title": "x"},
    }  # fmt: skip
    assert forge.post(note, "Confidential Note Hook").json["status"] == "ignored"
    assert only(app).visible
    note["issue"] = {"iid": 5, "confidential": True, "updated_at": "2026-03-03 10:00:00 UTC"}
    assert forge.post(note, "Confidential Note Hook").json["status"] == "withdrawn"


def test_a_comment_refreshes_a_known_issue_but_makes_no_new_one(app: Flask) -> None:
    forge = Forge(app, "github")
    comment = github_issue(action="created", title="Neuer Titel", updated_at="2026-03-05T10:00:00Z")
    assert forge.post(comment, "issue_comment").json["reason"] == "unknown_issue"
    forge.post(github_issue())
    forge.post({**comment, "comment": {"body": "Ich auch"}}, "issue_comment")
    assert only(app).title == "Neuer Titel"


def test_pull_requests_are_no_issues(app: Flask) -> None:
    forge = Forge(app, "github")
    assert forge.post(github_issue(pull_request={"url": "x"})).json["reason"] == "pull_request"
    with app.app_context():
        assert not db.session.scalars(select(Issue)).all()


def test_private_repositories_are_hidden_unless_the_connection_says_otherwise(app: Flask) -> None:
    private = {"private": True}
    forge = Forge(app, "github")
    forge.post(github_issue(title=SECRET_WORDS, repository=private))
    assert (only(app).visible, only(app).hidden) == (False, "private")
    forge.post(github_issue(title="Öffentlich", updated_at="2099-01-01T00:00:00Z", repository={"private": False}))
    assert only(app).title == "Öffentlich"
    late = github_issue(6, repository=private)
    forge.post(late)
    with app.app_context():
        assert not db.session.scalars(select(Issue).where(Issue.visible)).all(), "private again: all of it is hidden"
    shown = Forge(app, "gitlab", show_private=True)
    shown.post(gitlab_issue(project={"visibility_level": 0}), "Issue Hook")
    with app.app_context():
        assert len(db.session.scalars(select(Issue).where(Issue.visible)).all()) == 1


def test_a_late_old_payload_does_not_uncover_a_repository_that_became_private(app: Flask) -> None:
    forge = Forge(app, "github")
    forge.post(github_issue())
    private = {"action": "privatized", "repository": github_issue(repository={"private": True})["repository"]}
    forge.post(private, "repository")
    assert not only(app).visible
    forge.post(github_issue(title="Spät"))
    assert not only(app).visible


def test_a_renamed_repository_stays_the_same_by_its_number(app: Flask) -> None:
    forge = Forge(app, "github")
    forge.post(github_issue())
    forge.post(github_issue(repository={"full_name": "stadt/neue-app"}, updated_at="2026-03-02T00:00:00Z"))
    with app.app_context():
        assert db.session.scalars(select(Repository.name)).all() == ["stadt/neue-app"]
        assert len(db.session.scalars(select(Issue)).all()) == 1


def test_a_deleted_repository_hides_its_issues_for_good(app: Flask) -> None:
    forge = Forge(app, "github")
    forge.post(github_issue())
    forge.post({"action": "deleted", "repository": github_issue()["repository"]}, "repository")
    forge.post(github_issue(updated_at="2026-09-01T00:00:00Z"))
    assert (only(app).visible, only(app).hidden) == (False, "deleted")


def test_no_word_of_a_hidden_issue_is_anywhere(app: Flask, capfd: pytest.CaptureFixture[str]) -> None:
    forge = Forge(app, "gitlab")
    forge.post(gitlab_issue(7, title=SECRET_WORDS, description=SECRET_WORDS), "Issue Hook")
    for number, (kind, sign) in enumerate(SIGNS, 7):
        text = {"title": SECRET_WORDS, "description": SECRET_WORDS, "labels": [{"title": SECRET_WORDS}]}
        forge.post(gitlab_issue(number, **text, **sign), kind)
    hidden = {"visibility_level": 0, "id": 1, "path_with_namespace": "stadt/geheim"}
    forge.post(gitlab_issue(20, title=SECRET_WORDS, project=hidden), "Issue Hook")
    merge = {
        "object_kind": "merge_request", "project": gitlab_issue(project=hidden)["project"],
        "object_attributes": {"iid": 3, "title": SECRET_WORDS, "source_branch": "AP-1"},
    }  # fmt: skip
    forge.post(merge, "Merge Request Hook")
    odd = gitlab_issue(title=SECRET_WORDS, confidential=True, iid="kaputt")
    forge.post(odd, "Issue Hook")
    with app.app_context():
        for table in Base.metadata.sorted_tables:
            for row in db.session.execute(table.select()):
                assert "Sicherheitsl" not in str(row), table.name
        assert "Sicherheitsl" not in str(queries.listed())
    out, err = capfd.readouterr()
    assert "Sicherheitsl" not in out + err


def test_the_log_tells_changes_as_the_providers_doing(app: Flask) -> None:
    Forge(app, "github").post(github_issue())
    with app.app_context():
        row = db.session.scalars(select(Activity).where(Activity.verb == "issue.appear")).one()
        assert (row.source, row.person_id, row.partner_id) == ("provider", None, None)
        assert row.details.keys() == {"issue"}


def test_a_script_lists_the_visible_issues(app: Flask) -> None:
    forge = Forge(app, "gitlab")
    forge.post(gitlab_issue(), "Issue Hook")
    forge.post(gitlab_issue(6, confidential=True), "Issue Hook")
    printed = app.test_cli_runner().invoke(args=["issues", "list", "--json"])
    assert printed.exit_code == 0
    (one,) = json.loads(printed.output)
    assert one == {
        "provider": "gitlab", "repo": "stadt/app", "number": 5, "title": "Karte lädt nicht", "state": "open",
        "labels": ["bug"], "url": "https://gitlab.opencode.de/stadt/app/-/issues/5", "proposal": None,
        "package": None, "keys": [], "triage": "new",
    }  # fmt: skip


def test_the_inbox_costs_the_same_for_one_issue_and_for_twenty(app: Flask) -> None:
    forge = Forge(app, "github")
    with app.app_context():
        costs = []
        for upto in (1, 20):
            for number in range(1, upto + 1):
                forge.post(github_issue(number))
            with counting(app) as seen:
                assert len(queries.inbox(queries.Filter())) == upto
            costs.append(len(seen))
        assert costs[0] == costs[1]


def test_connections_are_made_by_operators_only(app: Flask, people: Any) -> None:
    with app.app_context():
        for who in (people.pia, people.dora):
            with transaction():
                connections.create(who.actor, Wishes("gitlab", "openCode"))
        for who in (people.ada, people.ben, people.rolf):
            with pytest.raises(Denied), transaction():
                connections.create(who.actor, Wishes("gitlab", "openCode"))


def test_a_server_can_be_set_up_from_the_command_line(app: Flask) -> None:
    run = app.test_cli_runner().invoke
    args = ["connection", "add", "gitlab", "--name", "openCode", "--repository", "stadt/app#4712"]
    made = run(args=[*args, "--secret", "ein-langes-geheimnis", "--json"])
    assert made.exit_code == 0, made.output
    told = json.loads(made.output)
    assert told["secrets"] == ["ein-langes-geheimnis"]
    assert told["url"].endswith(f"/hooks/gitlab/{told['public_id']}")
    assert len(told["public_id"]) == 32
    fresh = json.loads(run(args=["connection", "rotate", "openCode", "--json"]).output)["secrets"]
    assert fresh[0].startswith("whsec_")
    assert run(args=["connection", "rotate", "openCode"]).exit_code == 1
    assert run(args=["connection", "retire", "openCode"]).exit_code == 0
    (one,) = json.loads(run(args=["connection", "list", "--json"]).output)
    assert (one["secrets"], one["repositories"][0]["id"]) == (1, 4712)
    assert fresh[0] not in run(args=["connection", "list", "--json"]).output
