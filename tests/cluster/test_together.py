"""Two nodes are one board: what happens at one holds at the other with the next request, and is done once."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select

from board.accounts import passwords, throttle
from board.accounts.models import Person, Throttle
from board.activity.models import Activity
from board.db import at, db, now, transaction
from board.jobs.models import TaskLock
from deploy.cluster import front
from tests.cluster.place import HTMX, Listener, Place, until
from tests.factories import claim, make_package, make_proposal
from tests.people import PASSWORD

pytestmark = pytest.mark.postgres


def test_a_session_holds_at_both_nodes_and_ends_at_both(place: Place) -> None:
    first, second = place.nodes
    body = {"email": "ben@example.org", "password": PASSWORD}
    with place.app.app_context(), transaction():
        db.session.get_one(Person, place.people.ben.person_id).password_hash = passwords.hash_password(PASSWORD)
    answer = place.ask("/sign-in", form=body, port=first)
    token = re.search(r"session=([^;]+)", ", ".join(answer.headers.get_all("Set-Cookie", [])))
    assert answer.status == 303
    assert token
    for port in (first, second, 0):
        assert "Ben" in place.ask("/account", token[1], port=port).text
    assert place.ask("/sign-out", token[1], {}, port=second).status == 303
    for port in (first, second, 0):
        assert place.ask("/account", token[1], port=port).status in {303, 401}


def test_what_changes_at_one_node_shows_at_the_other_at_once_though_both_keep_pages(place: Place) -> None:
    first, second = place.nodes
    ada = place.token(place.people.ada)
    with place.app.app_context():
        path = f"/proposals/FV-{make_proposal(place.people)}"
    for turn in range(4):
        here, there = (first, second) if turn % 2 else (second, first)
        choice, words = (("for", "Dafür"), ("abstain", "Enthaltung"))[turn % 2]
        before = [place.ask(path, port=port).headers["ETag"] for port in (first, second, first, second)]
        assert len(set(before)) == 1, "both make the same page, to the byte and its tag"
        assert place.ask(f"{path}/ballot", ada, {"choice": choice}, port=here).status == 303
        after = place.ask(path, port=there)
        assert after.headers["ETag"] != before[0]
        pressed = re.search(r'aria-pressed="true"[^>]*>\s*(\w+)', place.ask(path, ada, port=there).text)
        assert pressed, "Ada's own page shows her ballot at the other node"
        assert words in pressed[0]


def test_a_page_of_one_node_finds_its_files_at_the_other(place: Place) -> None:
    first, second = place.nodes
    files = re.findall(r'"(/static/[^"]+)"', place.ask("/partners", port=first).text)
    assert files
    assert {place.ask(file, port=second).status for file in files} == {200}
    assert "http_404" in front.site("1", ("a:1", "b:1"), place.cluster.folder), "and while they differ, nginx asks both"


def test_failures_to_sign_in_count_at_both_nodes_together(place: Place) -> None:
    def fail(number: int, port: int) -> int:
        form = {"email": f"nobody-{number}@example.org", "password": "ganz und gar falsch"}
        return place.ask("/sign-in", form=form, port=port).status

    statuses, window = [], 0
    while window != (window := int(now().timestamp()) // throttle.WINDOW_SECONDS):  # Once more if a new one began.
        with place.app.app_context():
            with transaction():
                db.session.execute(delete(Throttle))
            for number in range(throttle.PER_ADDRESS - 4):
                throttle.attempt(place.cluster.settings["SECRET_KEY"], "127.0.0.1", f"somebody-{number}@example.org")
        statuses = [fail(number, place.nodes[number % 2]) for number in range(6)]
    assert statuses == [422] * 4 + [429] * 2


def test_who_listens_at_one_node_hears_what_happens_at_the_other(place: Place) -> None:
    ben, ada = place.token(place.people.ben), place.token(place.people.ada)
    listeners = [Listener(place, ben, port).begin() for port in place.nodes]
    try:
        for port in place.nodes:
            before = [listener.heard.get(f"tally-{place.proposal}", 0) for listener in listeners]
            assert place.ask(place.path("/ballot"), ada, {"choice": "for"}, port=port, **HTMX).status == 200
            assert place.ask(place.path("/ballot"), ada, {"choice": "abstain"}, port=port, **HTMX).status == 200
            for listener, count in zip(listeners, before, strict=True):
                until(lambda i=listener, n=count: i.heard.get(f"tally-{place.proposal}", 0) > n, "heard", 5)
    finally:
        for listener in listeners:
            listener.close()


def test_a_changed_setting_holds_at_both_nodes_with_the_next_request(place: Place) -> None:
    dora = place.token(place.people.dora)
    for turn, port in enumerate(place.nodes):
        seen = re.search(r'name="seen"[^>]* value="([^"]+)"', place.ask("/admin/settings", dora, port=port).text)
        assert seen
        form = {"seen": seen[1], "quorum": "50", "vote_days": "42", "consent_days": "14", "lease_days": "60",
                "grace_days": "14"} | ({"public": "y"} if turn else {})  # fmt: skip
        assert place.ask("/admin/settings", dora, form, port=port).status == 303
        assert {place.ask("/partners", port=other).status for other in place.nodes} == {200 if turn else 401}


def test_what_is_written_at_one_node_is_found_at_the_other(place: Place) -> None:
    ada = place.token(place.people.ada)
    first, second = place.nodes
    assert (
        place.ask(place.path("/comments"), ada, {"text": "Auch der Schwebebahntakt gehört dazu."}, port=first).status
        == 303
    )
    assert "Schwebebahntakt" in place.ask("/search?q=schwebebahntakt", ada, port=second).text


def test_what_falls_due_is_done_once_though_two_workers_look(place: Place) -> None:
    with place.app.app_context():
        with at(now() - timedelta(days=200)):
            packages = [make_package(place.people, place.proposal, title=f"Baustein {n}") for n in range(6)]
            for package in packages:
                claim(package, place.people.ada.actor)
        with transaction():
            db.session.execute(delete(TaskLock).where(TaskLock.name == "leases"))
        db.session.remove()
        queue = place.app.extensions["jobs"].queue
        for task in [task for _n in range(6) for task in queue.read_periodic(None)]:
            queue.enqueue(task)  # Both find something to do at the same time.

        def lapsed() -> list[int]:
            found = select(func.count()).where(Activity.verb == "package.lapse").group_by(Activity.package_id)
            counts = list(db.session.scalars(found))
            db.session.remove()
            return counts

        until(lambda: len(lapsed()) == 6 and queue.pending_count() == 0, "all are freed")
        assert lapsed() == [1] * 6
        assert len(place.cluster.workers) == 2
        until(lambda: not db.session.scalar(select(TaskLock.name).where(TaskLock.problem != "")), "no job failed", 1)
        db.session.remove()
