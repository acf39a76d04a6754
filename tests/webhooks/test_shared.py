"""Payloads that nobody here wrote: each ends as its index says, for every way its forge signs."""

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from board.db import db
from board.issues.models import Delivery, Issue, Repository
from tests.webhooks.forge import VARIANTS, Forge

FOLDER = Path(os.environ.get("BOARD_TEST_PAYLOADS", Path(__file__).parents[2] / ".." / "shared" / "webhooks"))
ENTRIES: list[dict[str, Any]] = json.loads((FOLDER / "index.json").read_text()) if FOLDER.is_dir() else []
pytestmark = pytest.mark.skipif(not ENTRIES, reason="the folder of third-party payloads is not here")
MAKES = {"create", "update", "close", "reopen"}


def of(provider: str) -> list[dict[str, Any]]:
    return [entry for entry in ENTRIES if entry["provider"] == provider]


@pytest.mark.parametrize(("provider", "variant", "form"), VARIANTS)
def test_every_payload_ends_as_expected(app: Flask, provider: str, variant: str, form: bool) -> None:
    for entry in of(provider):
        fresh(app)
        forge = Forge(app, provider, show_private=True)
        raw = (FOLDER / entry["file"]).read_bytes()
        answer = forge.post(raw, entry["event"], form=form, variant=variant)
        assert answer.status_code == 200, (entry["file"], answer.json)
        kind, row = became(app, entry)
        assert kind in {*entry["expected"]["accept"], entry["expected"]["kind"]}, (entry["file"], kind)
        if kind in MAKES:
            check(entry["expected"], row)


def became(app: Flask, entry: dict[str, Any]) -> tuple[str, Any]:
    with app.app_context():
        delivery = db.session.scalars(select(Delivery)).one()
        row = db.session.execute(select(Issue, Repository).join(Repository).where(Issue.visible)).one_or_none()
        if delivery.reason == "ping":
            return "ping", None
        if row is None:
            return "ignore", None
        accept = entry["expected"]["accept"]
        return (accept[0] if accept[0] in MAKES else "update"), row


def check(expected: dict[str, Any], row: Any) -> None:
    issue, repository = row
    assert repository.external_id == expected["repo_id"]
    assert repository.name == expected["repo_full_name"]
    assert repository.private is bool(expected["repo_private"])
    assert (issue.number, issue.title) == (expected["issue_number"], expected["title"])
    assert issue.state == expected["state"]
    if expected["labels"] is None:
        assert issue.labels is None
    else:
        assert list(issue.labels or ()) == expected["labels"]
    at = issue.provider_updated_at
    assert (at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None) == expected["updated_at"]
    if expected["url"]:
        # Old Gitea names only its API's address; people get the page.
        assert issue.url == expected["url"].replace("/api/v1/repos/", "/")


def fresh(app: Flask) -> None:
    from tests.worlds import empty

    empty(app)


def test_in_whatever_order_they_come_the_newest_snapshot_stands(app: Flask) -> None:
    newest: dict[tuple[int, int], dict[str, Any]] = {}
    for entry in of("github"):
        expected = entry["expected"]
        if expected["kind"] in MAKES and expected["state"] is not None:
            key = (expected["repo_id"], expected["issue_number"])
            if key not in newest or expected["updated_at"] > newest[key]["updated_at"]:
                newest[key] = expected
    for seed in range(3):
        fresh(app)
        forge = Forge(app, "github", show_private=True)
        shuffled = of("github")
        random.Random(seed).shuffle(shuffled)
        for entry in shuffled:
            if entry["event"] == "repository":
                continue
            assert forge.post((FOLDER / entry["file"]).read_bytes(), entry["event"]).status_code == 200
        with app.app_context():
            for (repository, number), expected in newest.items():
                row = db.session.execute(
                    select(Issue, Repository)
                    .join(Repository)
                    .where(Repository.external_id == repository, Issue.number == number)
                ).one()
                check(expected, row)


def test_nothing_of_a_confidential_payload_is_kept(app: Flask) -> None:
    forge = Forge(app, "gitlab", show_private=True)
    secret = [e for e in of("gitlab") if e["expected"]["confidential"]]
    assert secret
    for entry in secret:
        assert forge.post((FOLDER / entry["file"]).read_bytes(), entry["event"]).status_code == 200
    with app.app_context():
        assert not db.session.scalars(select(Issue).where(Issue.visible)).all()
        assert [d.body for d in db.session.scalars(select(Delivery))] == [None] * len(secret)
