"""What people see of issues: chips on proposals and packages, the inbox, and never a hidden one."""

import re
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from sqlalchemy import select

from board.db import at as at_
from board.db import db, transaction
from board.i18n import BERLIN
from board.issues import forms
from board.issues.models import Issue
from tests.conftest import Browser, counting
from tests.factories import make_package, make_proposal
from tests.people import Cast
from tests.webhooks.forge import Forge, github_issue, gitlab_issue, rule_on


@pytest.fixture
def forge(app: Flask) -> Forge:
    return Forge(app, "github")


# The mirror


def test_linked_issues_stand_on_proposal_and_package_and_follow_the_forge(
    app: Flask, people: Cast, forge: Forge, gast: Browser
) -> None:
    with app.app_context():
        proposal_id, package_id = make_proposal(people), make_package(people)
        key, other = f"FV-{proposal_id}", f"AP-{package_id}"
    before = gast.get(f"/proposals/{key}").headers["ETag"]
    issue = {"title": "Karte <b>leer</b>", "body": f"{key} {other}", "labels": [{"name": "iOS"}]}
    forge.post(github_issue(**issue))
    for page, within in ((f"/proposals/{key}", key), (f"/packages/{other}", other)):
        text = gast.get(page).text
        assert f'hx-trigger="issues-{within} from:document' in text
        assert "Karte &lt;b&gt;leer&lt;/b&gt;" in text
        assert '<span class="tag">iOS</span>' in text
        assert 'href="https://github.com/stadt/app/issues/5" rel="noopener' in text
        part = gast.get(f"{page}/issues", partial=True).text
        assert part.startswith("<section")
        assert "issue-open" in part
        assert "https://github.com/stadt/app/issues/new?title=" in part
    assert gast.get(f"/proposals/{key}").headers["ETag"] != before
    forge.post(github_issue(action="closed", state="closed", updated_at="2026-03-02T10:00:00Z", **issue))
    assert "issue-closed" in gast.get(f"/proposals/{key}/issues", partial=True).text
    assert gast.get("/proposals/FV-999/issues").status_code == 404
    assert gast.get("/packages/AP-999/issues").status_code == 404


def test_an_issue_that_becomes_confidential_leaves_no_chip(app: Flask, people: Cast, gast: Browser) -> None:
    forge = Forge(app, "gitlab")
    with app.app_context():
        key = f"FV-{make_proposal(people)}"
    forge.post(gitlab_issue(title=f"{key} Geheimtitel"), "Issue Hook")
    assert "Geheimtitel" in gast.get(f"/proposals/{key}").text
    hidden = gitlab_issue(title=f"{key} Geheimtitel", confidential=True, updated_at="2026-03-02 10:00:00 UTC")
    forge.post(hidden, "Issue Hook")
    assert "Geheimtitel" not in gast.get(f"/proposals/{key}").text
    assert "Geheimtitel" not in gast.get(f"/proposals/{key}/issues", partial=True).text


# The inbox


def first(client: Browser, where: str = "/issues") -> str:
    """The address under which the first issue's actions are found."""
    found = re.search(r'id="issue-(\d+)" data-row', client.get(where).text)
    assert found, where
    return f"/issues/{found[1]}"


def test_the_inbox_shows_an_issue_with_its_repository_labels_and_similar_proposals(
    app: Flask, people: Cast, forge: Forge, ben: Browser
) -> None:
    with app.app_context():
        near = make_proposal(people, title="Karte lädt nicht offline")
        with transaction():
            rule_on(forge, people.pia.actor, "Celle", "partner", partner_id=people.celle)
    forge.post(github_issue(labels=[{"name": "Celle"}]))
    text = ben.get("/issues").text
    for shown in ("GitHub", "stadt/app#5", 'rel="noopener noreferrer nofollow">Karte lädt nicht</a>', "/partners/celle",
                  'href="/issues?triage=all&amp;label=Celle">Celle</a>', f"/proposals/FV-{near}",
                  'data-key="1"'):  # fmt: skip
        assert shown in text, shown
    assert re.search(r'href="/issues" aria-current="page">Issue-Eingang <span class="badge count">1</span>', text)


def test_an_issue_in_english_finds_the_proposal_by_its_english_title(
    app: Flask, people: Cast, forge: Forge, ben: Browser
) -> None:
    with app.app_context():
        near = make_proposal(people, title="Karte ohne Netz benutzen", title_en="Offline maps")
    forge.post(github_issue(title="Support offline maps"))
    assert f'href="/proposals/FV-{near}"' in ben.get("/issues").text


def test_issues_are_linked_by_a_key_and_taken_back(app: Flask, people: Cast, forge: Forge, ben: Browser) -> None:
    with app.app_context():
        package_id = make_package(people)
    forge.post(github_issue())
    at = first(ben)
    answer = ben.post(f"{at}/link", data={"key": f" ap-{package_id} "}, partial=True, target="issue-1")
    assert answer.status_code == 200
    assert f'href="/packages/AP-{package_id}"' in answer.text
    assert f"{at}/undo" in answer.text
    assert "Karte lädt nicht" in ben.get(f"/packages/AP-{package_id}/issues", partial=True).text
    assert "Alles ist eingeordnet" in ben.get("/issues").text
    assert first(ben, "/issues?triage=linked") == at
    assert ben.post(f"{at}/undo").status_code == 303
    assert first(ben) == at
    assert "Karte lädt nicht" not in ben.get(f"/packages/AP-{package_id}/issues", partial=True).text
    assert ben.post(f"{at}/undo", partial=True).status_code == 409


def test_an_issue_becomes_a_proposal_or_a_package_by_one_form(
    app: Flask, people: Cast, forge: Forge, ben: Browser, pia: Browser
) -> None:
    with app.app_context():
        under = make_proposal(people)
    forge.post(github_issue(1, title="Dunkles Farbschema"))
    answer = ben.post(f"{first(ben)}/propose", data={"topic": str(people.defects)}, partial=True)
    made = re.search(r'href="/proposals/(FV-\d+)"', answer.text)
    assert made
    page = ben.get(f"/proposals/{made[1]}").text
    assert "<h1>Dunkles Farbschema</h1>" in page
    assert "https://github.com/stadt/app/issues/1" in page
    forge.post(github_issue(2, title="Absturz beim Start"))
    answer = pia.post(f"{first(pia)}/package", data={"under": f"FV-{under}"}, partial=True)
    made = re.search(r'href="/packages/(AP-\d+)"', answer.text)
    assert made
    assert "<h1>Absturz beim Start</h1>" in pia.get(f"/packages/{made[1]}").text


def test_issues_are_snoozed_and_dismissed_with_a_reason(people: Cast, forge: Forge, ben: Browser) -> None:
    forge.post(github_issue())
    at = first(ben)
    assert "Zurückgestellt bis" in ben.post(f"{at}/snooze", partial=True).text
    assert first(ben, "/issues?triage=snoozed") == at
    answer = ben.post(f"{at}/dismiss", data={"reason": "Betrifft die App nicht"})
    assert answer.status_code == 303
    assert answer.location.endswith(f"#issue-{at.rsplit('/')[-1]}")
    assert "Verworfen: Betrifft die App nicht" in ben.get("/issues?triage=dismissed").text


@pytest.mark.parametrize(
    ("action", "typed", "told"),
    [
        ("link", {"key": "Karte 12"}, "Geben Sie eine Kennung wie FV-12 oder AP-7 ein."),
        ("propose", {"topic": ""}, "Bitte wählen Sie"),
        ("package", {"under": "AP-7"}, "Geben Sie die Kennung eines Vorschlags ein"),
        ("dismiss", {"reason": ""}, "error"),
        ("snooze", {"until": "day", "day": "2020-01-01"}, "Bitte wählen Sie einen Tag in der Zukunft."),
    ],
)
def test_a_bad_form_is_kept_open_with_what_was_typed(
    people: Cast, forge: Forge, ben: Browser, action: str, typed: dict[str, str], told: str
) -> None:
    forge.post(github_issue())
    for partial in (True, False):
        answer = ben.post(f"{first(ben)}/{action}", data=typed, partial=partial)
        assert answer.status_code == 422
        assert told in answer.text
        assert re.search(rf'id="issue-\d+-{action}" data-close open', answer.text)
        assert all(f'value="{value}"' in answer.text for value in typed.values() if value)


def test_a_key_that_leads_nowhere_is_refused_in_the_row(people: Cast, forge: Forge, ben: Browser) -> None:
    forge.post(github_issue())
    answer = ben.post(f"{first(ben)}/link", data={"key": "FV-999"}, partial=True)
    assert answer.status_code == 404
    assert "Diesen Funktionsvorschlag gibt es nicht." in answer.text
    assert 'value="FV-999"' in answer.text
    assert '-link" data-close open' in answer.text


def test_strangers_and_providers_get_neither_the_inbox_nor_its_entry(
    people: Cast, forge: Forge, ben: Browser, rolf: Browser, gast: Browser
) -> None:
    forge.post(github_issue())
    at = first(ben)
    for who, status in ((gast, 401), (rolf, 403)):
        assert who.get("/issues").status_code == status
        assert 'href="/issues"' not in who.get("/proposals").text
        for action in ("link", "propose", "package", "snooze", "dismiss", "undo"):
            assert who.post(f"{at}/{action}").status_code == status
    assert first(ben) == at


def test_no_text_of_a_hidden_issue_is_in_the_inbox(app: Flask, people: Cast, pia: Browser) -> None:
    forge = Forge(app, "gitlab")
    forge.post(gitlab_issue(1, title="Geheimtitel eins", confidential=True), "Issue Hook")
    forge.post(gitlab_issue(2, title="Geheimtitel zwei"), "Issue Hook")
    at = first(pia, "/issues?triage=all")
    hidden = gitlab_issue(2, title="Geheimtitel zwei", confidential=True, updated_at="2026-03-02 10:00:00 UTC")
    forge.post(hidden, "Issue Hook")
    for stand in ("new", "snoozed", "linked", "dismissed", "all"):
        assert "Geheimtitel" not in pia.get(f"/issues?triage={stand}&q=").text
    answer = pia.post(f"{at}/dismiss", data={"reason": "Nein"}, partial=True)
    assert answer.status_code == 404
    assert "Geheimtitel" not in answer.text
    assert "Noch keine Issues" in pia.get("/issues").text


def test_filters_stand_in_the_address_and_rows_go_on_by_key(
    app: Flask, people: Cast, forge: Forge, ben: Browser
) -> None:
    for number in range(1, 53):
        forge.post(github_issue(number, title=f"Meldung {number}"))
    Forge(app, "gitlab").post(gitlab_issue(title="Sitzbänke"), "Issue Hook")
    page = ben.get("/issues?provider=github").text
    assert page.count("data-row") == 50
    assert "Sitzbänke" not in page
    more = re.search(r'id="more" href="([^"]+)"', page)
    assert more
    rest = ben.get(more[1].replace("&amp;", "&")).text
    assert rest.count("data-row") == 2
    assert "Meldung 1</a>" in rest
    assert ben.get("/issues?q=sitzb%C3%A4nke").text.count("data-row") == 1
    assert "Kein Issue passt dazu" in ben.get("/issues?q=nirgends").text
    assert ben.get("/issues?repository=abc&before=x&triage=y&provider=z").text.count("data-row") == 50


def test_many_issues_cost_as_many_statements_as_one(app: Flask, people: Cast, forge: Forge, ben: Browser) -> None:
    with app.app_context():
        make_proposal(people, title="Karte lädt nicht")
        with transaction():
            rule_on(forge, people.pia.actor, "bug", "partner", partner_id=people.celle)
    costs = []
    for numbers in (range(1, 2), range(2, 21)):
        for number in numbers:
            forge.post(github_issue(number))
        with counting(app) as statements:
            assert ben.get("/issues").status_code == 200
        costs.append(len(statements))
    assert costs[0] == costs[1] > 0


# Until when, what to show, and several at once


@pytest.mark.parametrize(
    ("choice", "day", "wakes"),
    [("tomorrow", "", "2026-11-27"), ("week", "", "2026-11-30"), ("", "", "2026-11-30"), ("month", "", "2026-12-26"),
     ("day", "2027-02-03", "2027-02-03")],
)  # fmt: skip
def test_an_issue_rests_until_the_morning_of_the_chosen_day(
    app: Flask, people: Cast, forge: Forge, ben: Browser, choice: str, day: str, wakes: str
) -> None:
    forge.post(github_issue())
    with at_(datetime(2026, 11, 26, 13, tzinfo=UTC)):
        assert ben.post(f"{first(ben)}/snooze", data={"until": choice, "day": day}, partial=True).status_code == 200
    with app.app_context():
        until = db.session.scalars(select(Issue.snoozed_until)).one()
        assert until.astimezone(BERLIN).isoformat().startswith(f"{wakes}T00:00")


def test_a_month_on_is_never_past_the_end_of_a_month() -> None:
    with at_(datetime(2027, 1, 31, 12, tzinfo=UTC)):
        assert forms.wakes_at("month", None).astimezone(BERLIN).date() == date(2027, 2, 28)


def test_labels_partners_and_states_narrow_the_inbox_and_each_chip_takes_one_filter_away(
    app: Flask, people: Cast, forge: Forge, ben: Browser
) -> None:
    with app.app_context(), transaction():
        rule_on(forge, people.pia.actor, "Celle", "partner", partner_id=people.celle)
    forge.post(github_issue(1, title="Eins", labels=[{"name": "Celle"}, {"name": "ÖPNV & Rad"}]))
    forge.post(github_issue(2, title="Zwei", labels=[{"name": "ÖPNV & Rad"}], state="closed"))
    forge.post(github_issue(3, title="Drei", labels=None))

    def titles(query: str) -> list[str]:
        return re.findall(r"-open\" data-open[^>]*>([^<]+)<", ben.get(f"/issues?{query}").text)

    assert titles("label=%C3%96PNV+%26+Rad") == ["Zwei", "Eins"]
    assert titles("label=PNV") == []
    assert titles(f"partner={people.celle}") == ["Eins"]
    assert titles("state=closed") == ["Zwei"]
    page = ben.get(f"/issues?label=%C3%96PNV+%26+Rad&partner={people.celle}").text
    assert "<option selected>ÖPNV &amp; Rad</option>" in page
    assert f'class="chip" href="/issues?partner={people.celle}"' in page
    assert "1 von 3" in page


def test_several_issues_are_sorted_and_taken_back_by_plain_forms(
    app: Flask, people: Cast, forge: Forge, ben: Browser
) -> None:
    for number in range(1, 5):
        forge.post(github_issue(number, title=f"Meldung {number}"))
    ids = re.findall(r'name="issue" value="(\d+)"', ben.get("/issues").text)
    assert len(ids) == 4
    answer = ben.post("/issues/bulk?provider=github", data={"issue": ids[:3], "do": "dismiss", "reason": "Doppelt"})
    assert answer.status_code == 303
    assert answer.location == f"/issues?provider=github&done={'-'.join(sorted(ids[:3], key=int))}"
    page = ben.get(answer.location).text
    assert "3 Issues wurden eingeordnet." in page
    assert page.count("data-row") == 1
    undo = re.search(r'action="(/issues/bulk/undo[^"]*)"', page)
    assert undo
    back = ben.post(undo[1], data={"issue": re.findall(r'type="hidden" name="issue" value="(\d+)"', page)})
    assert back.status_code == 303
    assert ben.get("/issues").text.count("data-row") == 4


@pytest.mark.parametrize(
    ("deed", "typed", "shown"),
    [("link", {"key": "FV-1"}, "Verknüpft mit"), ("propose", {"topic": "1"}, "Verknüpft mit"),
     ("package", {"under": "FV-1"}, "Verknüpft mit"), ("snooze", {"until": "tomorrow"}, "Zurückgestellt bis")],
)  # fmt: skip
def test_each_action_works_on_a_selection(
    app: Flask, people: Cast, forge: Forge, ben: Browser, deed: str, typed: dict[str, str], shown: str
) -> None:
    with app.app_context():
        make_proposal(people)
    for number in (1, 2):
        forge.post(github_issue(number, title=f"Meldung {number}"))
    ids = re.findall(r'name="issue" value="(\d+)"', ben.get("/issues").text)
    assert ben.post("/issues/bulk", data={"issue": ids, "do": deed, **typed}).status_code == 303
    assert ben.get("/issues?triage=all").text.count(shown) == 2


def test_one_that_is_refused_is_told_and_holds_up_no_other(
    app: Flask, people: Cast, forge: Forge, ben: Browser
) -> None:
    for number in (1, 2):
        forge.post(github_issue(number))
    ids = re.findall(r'name="issue" value="(\d+)"', ben.get("/issues").text)
    assert ben.post(f"/issues/{ids[0]}/propose", data={"topic": str(people.defects)}).status_code == 303
    data = {"issue": [*ids, "999"], "do": "propose", "topic": str(people.defects)}
    page = ben.get(ben.post("/issues/bulk?triage=all", data=data).location).text
    assert "1 Issue wurde eingeordnet." in page
    assert "2 blieben, wie sie waren: Dieses Issue gehört bereits zu FV-1. Dieses Issue gibt es nicht." in page


def test_a_bad_form_for_several_keeps_the_selection_and_what_was_typed(
    people: Cast, forge: Forge, ben: Browser
) -> None:
    for number in (1, 2):
        forge.post(github_issue(number))
    ids = re.findall(r'name="issue" value="(\d+)"', ben.get("/issues").text)
    answer = ben.post("/issues/bulk?provider=github", data={"issue": ids[:1], "do": "link", "key": "Karte"})
    assert answer.status_code == 422
    assert 'value="Karte"' in answer.text
    assert answer.text.count(" checked>") == 1
    assert "Geben Sie eine Kennung wie FV-12 oder AP-7 ein." in answer.text
    answer = ben.post("/issues/bulk", data={"do": "dismiss", "reason": "Doppelt"})
    assert answer.status_code == 422
    assert "Bitte wählen Sie mindestens ein Issue aus." in answer.text
    assert 'value="Doppelt"' in answer.text


def test_new_issues_are_announced_not_pushed_in(people: Cast, forge: Forge, ben: Browser) -> None:
    forge.post(github_issue(1))
    found = re.search(r'hx-get="(/issues/news[^"]*)"', ben.get("/issues?provider=github").text)
    assert found
    url = found[1].replace("&amp;", "&")
    assert "hidden" in ben.get(url, partial=True).text
    forge.post(github_issue(2))
    Forge(ben.application, "gitlab").post(gitlab_issue(3), "Issue Hook")
    assert "1 neues Issue anzeigen" in ben.get(url, partial=True).text
