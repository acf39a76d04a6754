"""Links and what follows from them: mentions, packages that move with their issues, branches that renew a lease."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from board.activity.models import Activity
from board.activity.topics import topics
from board.db import at, db, now, transaction
from board.i18n import today
from board.issues import mirror, queries, rules, triage
from board.issues.mentions import keys, packages
from board.issues.models import Development, Issue, IssueLink
from board.work.models import Claim, Package
from tests.conftest import Browser
from tests.factories import claim, make_package, make_proposal
from tests.people import Cast
from tests.webhooks.forge import Forge, github_issue, gitlab_issue, rule_on


@pytest.fixture
def forge(app: Flask) -> Forge:
    return Forge(app, "github")


def package(package_id: int) -> Package:
    db.session.close()
    return db.session.get_one(Package, package_id)


def verbs(package_id: int) -> list[tuple[str, str]]:
    rows = select(Activity.verb, Activity.source).where(Activity.package_id == package_id).order_by(Activity.id)
    return [(verb, source) for verb, source in db.session.execute(rows)]


def closed(number: int, body: str, day: int = 2) -> dict[str, Any]:
    return github_issue(number, action="closed", state="closed", body=body, updated_at=f"2026-03-0{day}T10:00:00Z")


def test_keys_are_found_where_people_write_them() -> None:
    assert keys("FV-12: Karte (AP-7), AP-7", "siehe FV-012.") == [("FV", 12), ("AP", 7)]
    assert keys("XFV-1 FV-0 AP-7a fv-3 AP-99999999999 CAP-5") == []
    assert packages("feature/ap-7_karte", "AP-8: los", "map-3") == [7, 8]
    assert len(keys(" ".join(f"AP-{n}" for n in range(1, 99)))) == 20


def test_a_mention_links_by_itself_and_is_told_as_the_providers_doing(app: Flask, people: Cast, forge: Forge) -> None:
    with app.app_context():
        proposal_id, package_id = make_proposal(people), make_package(people)
        before = package(package_id).version
        forge.post(github_issue(title=f"FV-{proposal_id} Karte", body=f"Teil von AP-{package_id}, AP-9999"))
        (one,) = queries.inbox(queries.Filter("linked"))
        assert one.links == (f"FV-{proposal_id}", f"AP-{package_id}")
        assert ("issue.mention", "provider") in verbs(package_id)
        assert package(package_id).version > before
        (chip,) = mirror.chips_of_package(package_id)
        assert (chip.repository, chip.number, chip.state, chip.labels) == ("stadt/app", 5, "open", ("bug",))
        assert queries.listed()[0]["package"] == f"AP-{package_id}"


def test_a_claimed_package_goes_to_review_when_all_its_issues_are_closed_and_back_when_one_opens(
    app: Flask, people: Cast, forge: Forge
) -> None:
    with app.app_context():
        package_id = make_package(people)
        with at(now() - timedelta(days=30)):
            claim_id = claim(package_id, people.ada.actor)
        body = f"AP-{package_id}"
        forge.post(github_issue(1, body=body))
        forge.post(github_issue(2, body=body))
        forge.post(closed(1, body))
        assert package(package_id).state == "claimed"
        forge.post(closed(2, body))
        assert package(package_id).state == "review"
        assert db.session.get_one(Claim, claim_id).lease_until == today() + timedelta(days=60)
        assert verbs(package_id)[-1] == ("package.submit", "provider")
        forge.post(github_issue(2, action="reopened", body=body, updated_at="2026-03-03T10:00:00Z"))
        assert package(package_id).state == "claimed"
        assert verbs(package_id)[-1] == ("package.return", "provider")


def test_a_package_that_a_person_submitted_is_not_moved_back_and_a_free_one_is_left_alone(
    app: Flask, people: Cast, forge: Forge
) -> None:
    from board.work import moves
    from board.work.packages import locked

    with app.app_context():
        package_id, free = make_package(people), make_package(people)
        claim(package_id, people.ada.actor)
        with transaction():
            moves.start(locked(package_id), people.ada.actor)
        with transaction():
            moves.submit(locked(package_id), people.ada.actor)
        body = f"AP-{package_id} AP-{free}"
        forge.post(closed(1, body, 1))
        forge.post(github_issue(1, action="reopened", body=body, updated_at="2026-03-03T10:00:00Z"))
        assert package(package_id).state == "review"
        assert package(free).state == "open"


def test_a_hidden_issue_leaves_the_chips_and_does_not_hold_a_package_back(app: Flask, people: Cast) -> None:
    forge = Forge(app, "gitlab")
    with app.app_context():
        package_id = make_package(people)
        claim(package_id, people.ada.actor)
        text = {"description": f"AP-{package_id}"}
        forge.post(gitlab_issue(1, **text), "Issue Hook")
        forge.post(gitlab_issue(2, **text), "Issue Hook")
        forge.post(gitlab_issue(2, confidential=True, **text), "Confidential Issue Hook")
        db.session.close()
        assert [chip.number for chip in mirror.chips_of_package(package_id)] == [1]
        forge.post(gitlab_issue(1, state="closed", updated_at="2026-03-02 10:00:00 UTC", **text), "Issue Hook")
        assert package(package_id).state == "review"


PULL = {
    "number": 9,
    "title": "Karte",
    "state": "open",
    "merged": False,
    "html_url": "https://github.com/stadt/app/pull/9",
}


def pull(branch: str, **changes: Any) -> dict[str, Any]:
    data = PULL | {"head": {"ref": branch}, "updated_at": "2026-03-01T10:00:00Z"} | changes
    return {"action": "opened", "number": 9, "pull_request": data, "repository": github_issue()["repository"]}


def test_a_merge_request_that_names_a_package_shows_there_and_renews_its_lease(
    app: Flask, people: Cast, forge: Forge
) -> None:
    with app.app_context():
        package_id = make_package(people)
        with at(now() - timedelta(days=30)):
            claim_id = claim(package_id, people.ada.actor)
        assert forge.post(pull(f"feature/ap-{package_id}-karte"), "pull_request").json["reason"] == "work"
        db.session.close()
        (seen,) = mirror.developments(package_id)
        assert (seen.kind, seen.ref, seen.title, seen.state, seen.repository) == (
            "merge", "#9", "Karte", "open", "stadt/app",
        )  # fmt: skip
        assert db.session.get_one(Claim, claim_id).lease_until == today() + timedelta(days=60)
        merged = pull("feature/umbenannt", merged=True, state="closed", updated_at="2026-03-02T10:00:00Z")
        forge.post(merged, "pull_request")
        forge.post(pull(f"AP-{package_id}", title="Alt", updated_at="2026-02-01T10:00:00Z"), "pull_request")
        db.session.close()
        assert [d.state for d in mirror.developments(package_id)] == ["merged"]


def test_a_push_that_names_a_package_in_branch_or_message_shows_its_branch(
    app: Flask, people: Cast, forge: Forge
) -> None:
    with app.app_context():
        package_id = make_package(people)
        push = {
            "ref": "refs/heads/karte", "after": "1" * 40, "repository": github_issue()["repository"],
            "commits": [{"message": f"AP-{package_id}: Kacheln", "author": {"email": "e@example.org"}}],
        }  # fmt: skip
        forge.post(push, "push")
        db.session.close()
        (row,) = db.session.scalars(select(Development)).all()
        assert (row.kind, row.ref, row.url) == ("branch", "karte", "https://github.com/stadt/app/tree/karte")
        forge.post({**push, "after": "0" * 40, "deleted": True, "commits": []}, "push")
        db.session.close()
        assert db.session.scalars(select(Development.state)).all() == ["closed"]
        assert forge.post({**push, "commits": [], "ref": "refs/heads/x"}, "push").json["reason"] == "no_key"


def test_a_partner_sees_the_issues_that_may_affect_it(
    app: Flask, people: Cast, forge: Forge, ada: Browser, cleo: Browser, gast: Browser
) -> None:
    with app.app_context():
        with transaction():
            rule_on(forge, people.pia.actor, "Aalen", "partner", partner_id=people.aalen)
        package_id = make_package(people)
    assert 'id="affecting"' not in ada.get("/partners/aalen").text
    forge.post(github_issue(labels=[{"name": "aalen"}], body=f"AP-{package_id}"))
    forge.post(github_issue(6, title="Ohne Partner"))
    forge.post(github_issue(7, labels=[{"name": "aalen"}], title="Schon zu", state="closed"))
    page = ada.get("/partners/aalen").text
    assert "Ein Update könnte Sie betreffen" in page
    assert "Ein Update könnte Aalen betreffen" in gast.get("/partners/aalen").text
    section = page[page.index('id="affecting"') :].split("</section>")[0]
    assert "stadt/app#5" in section
    assert f'href="/packages/AP-{package_id}"' in section
    assert "Ohne Partner" not in section
    assert "Schon zu" not in section
    assert 'id="affecting"' not in cleo.get("/partners/celle").text


PUSHES = {
    "github": ("push", lambda **w: {"repository": github_issue()["repository"], **w}),
    "gitea": ("push", lambda **w: {"repository": github_issue()["repository"], **w}),
    "gitlab": ("Push Hook", lambda **w: {"object_kind": "push", "project": gitlab_issue()["project"], **w}),
}


def merge(provider: str, branch: str, title: str) -> tuple[str, dict[str, Any]]:
    """A merge or pull request as its forge tells it."""
    if provider == "gitlab":
        attributes = {
            "iid": 9, "title": title, "source_branch": branch, "state": "opened",
            "url": "https://gitlab.opencode.de/stadt/app/-/merge_requests/9", "updated_at": "2026-03-01 10:00:00 UTC",
        }  # fmt: skip
        project = gitlab_issue()["project"]
        told = {"object_kind": "merge_request", "project": project, "object_attributes": attributes}
        return "Merge Request Hook", told
    return "pull_request", pull(branch, title=title)


@pytest.mark.parametrize("provider", ["github", "gitlab", "gitea"])
@pytest.mark.parametrize("where", ["branch", "message", "merge_branch", "merge_title"])
def test_work_that_names_a_package_shows_on_its_page_at_every_forge_and_renews_its_lease(
    app: Flask, people: Cast, gast: Browser, provider: str, where: str
) -> None:
    forge = Forge(app, provider)
    with app.app_context():
        package_id = make_package(people)
        with at(now() - timedelta(days=30)):
            claim_id = claim(package_id, people.ada.actor)
    key = f"AP-{package_id}"
    assert "In Arbeit in" not in gast.get(f"/packages/{key}").text
    if where.startswith("merge"):
        event, payload = merge(provider, f"{key}-karte" if where == "merge_branch" else "karte",
                               "Karte" if where == "merge_branch" else f"{key}: Karte")  # fmt: skip
    else:
        event, shape = PUSHES[provider]
        branch = f"feature/{key.lower()}-karte" if where == "branch" else "karte"
        message = "Kacheln" if where == "branch" else f"{key}: Kacheln"
        payload = shape(ref=f"refs/heads/{branch}", after="1" * 40, commits=[{"message": message, "author": {}}])
    assert forge.post(payload, event).json["reason"] == "work"
    page = gast.get(f"/packages/{key}").text
    assert "In Arbeit in stadt/app" in page
    assert 'rel="noopener noreferrer nofollow">' in page[page.index("In Arbeit in") :]
    assert f'hx-trigger="issues-{key} from:document' in page
    assert "zeigt Arbeit an" in page
    with app.app_context():
        assert db.session.get_one(Claim, claim_id).lease_until == today() + timedelta(days=60)
        row = db.session.scalars(select(Activity).where(Activity.verb == "issue.develop")).one()
        assert f"issues-{key}" in topics(row)
        assert row.source == "provider"


def test_the_page_tells_how_many_of_a_packages_issues_are_closed_and_the_log_whose_doing_it_was(
    app: Flask, people: Cast, forge: Forge, gast: Browser
) -> None:
    with app.app_context():
        package_id = make_package(people)
        claim(package_id, people.ada.actor)
    body, page = f"AP-{package_id}", f"/packages/AP-{package_id}"
    forge.post(github_issue(1, body=body))
    forge.post(github_issue(2, body=body))
    forge.post(closed(1, body))
    assert "1 von 2 Issues geschlossen" in gast.get(page).text
    forge.post(closed(2, body))
    shown = gast.get(page).text
    assert "2 von 2 Issues geschlossen" in shown
    assert "Das Repository</b>" in shown or "Das Repository hat" in shown
    assert "ein Issue von" in shown
    told = gast.get("/activity?kind=issues").text
    assert told.count("Das Repository") >= 4


class Thing:
    def __init__(self, id_: int, key: str = "AP-1") -> None:
        self.id, self.key, self.title, self.text = id_, key, "Karte & Liste", "Text"


def test_new_issue_links_are_filled_in_for_each_known_repository(app: Flask, people: Cast, forge: Forge) -> None:
    forge.post(github_issue())
    Forge(app, "gitlab").post(gitlab_issue(), "Issue Hook")
    with app.app_context():
        links = [url for _name, url in mirror.new_issue_links(Thing(1))]
        assert any(
            url.startswith("https://github.com/stadt/app/issues/new?title=Karte+%26+Liste+%28AP-1%29") for url in links
        )
        assert any("/-/issues/new?issue%5Btitle%5D=Karte" in url for url in links)


# Triage


def issue_of(forge: Forge, **changes: Any) -> int:
    forge.post(github_issue(**changes))
    db.session.close()
    return db.session.scalars(select(Issue.id)).one()


def state(issue_id: int) -> tuple[str, bool]:
    db.session.close()
    found = db.session.get_one(Issue, issue_id)
    return str(found.triage), found.judged


def test_a_person_links_snoozes_dismisses_and_takes_it_back(app: Flask, people: Cast, forge: Forge) -> None:
    ben = people.ben.actor
    with app.app_context():
        issue_id, package_id = issue_of(forge), make_package(people)
        with transaction():
            triage.snooze(triage.locked(issue_id), ben, now() + timedelta(days=3))
        assert state(issue_id) == ("snoozed", True)
        with transaction():
            triage.undo(triage.locked(issue_id), ben)
        assert state(issue_id) == ("new", False)
        with transaction():
            triage.dismiss(triage.locked(issue_id), ben, "Betrifft die Stadt-App nicht.")
        with transaction():
            triage.link(triage.locked(issue_id), ben, package_id=package_id)
        assert state(issue_id) == ("linked", True)
        with transaction():
            triage.undo(triage.locked(issue_id), ben)
        assert state(issue_id) == ("dismissed", True)
        assert mirror.chips_of_package(package_id) == []
        forge.post(github_issue(body=f"AP-{package_id}", updated_at="2026-03-02T10:00:00Z"))
        assert state(issue_id) == ("dismissed", True)
        assert mirror.chips_of_package(package_id) == [], "what a person ended no mention brings back"
        assert queries.counts() == {"new": 0, "snoozed": 0, "linked": 0, "dismissed": 1, "all": 1}


def test_a_snoozed_issue_is_new_again_when_its_time_has_come(app: Flask, people: Cast, forge: Forge) -> None:
    with app.app_context():
        issue_id = issue_of(forge)
        with transaction():
            triage.snooze(triage.locked(issue_id), people.pia.actor, now() + timedelta(days=3))
        with at(now() + timedelta(days=4)):
            assert queries.counts()["new"] == 1
            assert len(queries.inbox(queries.Filter("new"))) == 1
            with transaction():
                assert triage.wake_due() == 1
        assert state(issue_id)[0] == "new"


def test_an_issue_becomes_a_proposal_once_and_undo_withdraws_it(app: Flask, people: Cast, forge: Forge) -> None:
    from board.errors import Conflict
    from board.issues.rules import draft_of
    from board.proposals.models import Proposal

    with app.app_context():
        issue_id = issue_of(forge)
        with transaction():
            issue = triage.locked(issue_id)
            made = triage.propose(issue, people.ada.actor, draft_of(issue, "stadt/app", people.defects))
        assert (made.title, made.partner_id) == ("Karte lädt nicht", people.aalen)
        again = draft_of(issue, "stadt/app", people.defects)
        with pytest.raises(Conflict), transaction():
            triage.propose(triage.locked(issue_id), people.ada.actor, again)
        with transaction():
            triage.undo(triage.locked(issue_id), people.ada.actor)
        db.session.close()
        assert db.session.get_one(Proposal, made.id).state == "withdrawn"
        assert state(issue_id) == ("new", False)


def test_an_issue_becomes_a_package(app: Flask, people: Cast, forge: Forge) -> None:
    from board.work.packages import Draft

    with app.app_context():
        issue_id, proposal_id = issue_of(forge), make_proposal(people)
        with transaction():
            made = triage.package(triage.locked(issue_id), people.pia.actor, proposal_id, Draft("Karte reparieren"))
        db.session.close()
        assert [chip.number for chip in mirror.chips_of_package(made.id)] == [5]


def test_providers_strangers_and_hidden_issues_are_refused(app: Flask, people: Cast) -> None:
    from board.errors import Denied, Missing
    from board.policy import ANONYMOUS

    forge = Forge(app, "gitlab")
    with app.app_context():
        forge.post(gitlab_issue(1), "Issue Hook")
        forge.post(gitlab_issue(2, confidential=True), "Issue Hook")
        shown, hidden = db.session.scalars(select(Issue.id).order_by(Issue.number)).all()
        for who in (people.rolf.actor, ANONYMOUS):
            with pytest.raises(Denied), transaction():
                triage.dismiss(triage.locked(shown), who, "Nein")
        with pytest.raises(Missing), transaction():
            triage.dismiss(triage.locked(hidden), people.pia.actor, "Nein")


# Label rules


def test_rules_sort_new_issues_but_never_override_a_person(app: Flask, people: Cast, forge: Forge) -> None:
    from board.proposals.models import Proposal

    with app.app_context():
        forge.post(github_issue(1, labels=[{"name": "wontfix"}]))
        forge.post(github_issue(2, labels=[{"name": "Wunsch"}, {"name": "ÖPNV"}]))
        with transaction():
            rules.put(people.pia.actor, forge.id, "wontfix", "dismiss")
            rules.put(people.pia.actor, forge.id, "wunsch", "propose", topic_id=people.transport)
            rules.put(people.pia.actor, forge.id, "öpnv", "topic", topic_id=people.transport)
        tried = rules.try_rules(forge.id)
        assert {(t.number, t.verdict.dismiss, t.verdict.propose, t.verdict.topic_id) for t in tried} == {
            (1, "wontfix", None, None), (2, "", people.transport, people.transport),
        }  # fmt: skip
        forge.post(github_issue(3, labels=[{"name": "wontfix"}]))
        assert queries.counts()["dismissed"] == 0, "rules that are off do nothing"
        db.session.close()
        judged = db.session.scalars(select(Issue.id).where(Issue.number == 3)).one()
        with transaction():
            triage.snooze(triage.locked(judged), people.ben.actor, now() + timedelta(days=9))
        with transaction():
            rule_on(forge, people.pia.actor, "wontfix", "dismiss")
            rule_on(forge, people.pia.actor, "wunsch", "propose", topic_id=people.transport)
            assert rules.run(forge.id) == 2
        forge.post(github_issue(3, labels=[{"name": "wontfix"}], updated_at="2026-03-04T10:00:00Z"))
        assert queries.counts() == {"new": 0, "snoozed": 1, "linked": 1, "dismissed": 1, "all": 3}
        proposal = db.session.scalars(select(Proposal)).one()
        assert (proposal.imported, proposal.partner_id, proposal.topic_id) == (True, None, people.transport)
        assert db.session.scalars(select(IssueLink.proposal_id)).all() == [proposal.id]
