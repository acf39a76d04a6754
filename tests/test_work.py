"""The pages of work packages: the board, the list, a package's page, the section under a proposal, and every action."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from board.db import at, db, now, transaction
from board.i18n import end_of, in_days
from board.policy import Actor
from board.work import bids, cards, claims, lists, moves, queries
from board.work.forms import parse_days
from board.work.models import Claim, Package, Seat
from board.work.packages import locked
from tests.conftest import Browser, counting
from tests.factories import claim, make_package, make_proposal, milestone
from tests.people import Cast


@pytest.fixture
def free(app: Flask, people: Cast) -> int:
    """A package that nobody leads: AP-1 under FV-1."""
    with app.app_context():
        return make_package(people, effort=Decimal("2.5"), text="Ein **Formular**")


@pytest.fixture
def led(app: Flask, people: Cast, free: int) -> int:
    """The same, led by Aalen."""
    with app.app_context():
        return claim_(free, people.ada.actor)


def claim_(package_id: int, by: Actor) -> int:
    """Claim the lead; the package's id again."""
    claim(package_id, by)
    return package_id


def do(app: Flask, verb: Any, package_id: int, by: Actor, *values: Any) -> None:
    """One verb in a context and a transaction of its own."""
    with app.app_context(), transaction():
        verb(locked(package_id), by, *values)


def state(app: Flask, package_id: int = 1) -> str:
    """Where the package stands."""
    with app.app_context():
        return db.session.get_one(Package, package_id).state


# Pages


def test_everybody_reads_the_board_the_list_and_the_page(led: int, gast: Browser, ada: Browser) -> None:
    for url in ("/work", "/work?view=list", "/packages/AP-1", "/proposals/FV-1/packages"):
        assert gast.get(url).status_code == 200, url
        html = ada.get(url).text
        assert "Formular bauen" in html
        assert "Aalen" in html
        assert "2,5 P" in html or "2,5 Personentage" in html


def test_names_of_people_are_for_those_who_are_signed_in(led: int, gast: Browser, cleo: Browser) -> None:
    aside = re.compile(r"<span>Ada</span>")
    assert aside.search(cleo.get("/packages/AP-1").text)
    assert "Ada" not in gast.get("/packages/AP-1").text.replace("data-", "")


def test_the_claim_button_says_for_whom(free: int, ada: Browser, gast: Browser, rolf: Browser) -> None:
    for url in ("/work", "/work?view=list", "/packages/AP-1", "/proposals/FV-1/packages"):
        assert "Für Aalen übernehmen" in ada.get(url).text, url
        assert "übernehmen</button>" not in gast.get(url).text, url
        assert "übernehmen</button>" not in rolf.get(url).text, url


def test_filters_stand_in_the_address_and_can_be_taken_back(led: int, app: Flask, people: Cast, ada: Browser) -> None:
    with app.app_context():
        make_package(people, 1, title="Übersicht drucken", effort=Decimal(3))
    for query, there, absent in (
        ("free=1", "Übersicht drucken", "Formular bauen"),
        ("partner=aalen", "Formular bauen", "Übersicht drucken"),
        ("mine=1", "Formular bauen", "Übersicht drucken"),
        ("q=uebersicht", "Übersicht drucken", "Formular bauen"),
        ("state=claimed", "Formular bauen", "Übersicht drucken"),
    ):
        for view in ("", "&view=list"):
            html = ada.get(f"/work?{query}{view}").text
            assert there in html, query
            assert absent not in html, query
            assert 'class="chip"' in html
            assert "Alle zurücksetzen" in html


def test_nonsense_in_the_address_is_ignored(free: int, ada: Browser) -> None:
    for query in ("state=nowhere", "after=-1", "after=99999999999", "seen=x", "free=yes", "view=x", "partner=%27%25_"):
        assert ada.get(f"/work?{query}").status_code == 200, query
        assert ada.get(f"/work/news?{query}").status_code == 200, query


def test_three_kinds_of_nothing(app: Flask, people: Cast, ada: Browser) -> None:
    assert "Noch keine Arbeitspakete" in ada.get("/work").text
    with app.app_context():
        claim(make_package(people), people.ada.actor)
    assert "Alles ist übernommen" in ada.get("/work?free=1").text
    assert "Kein Arbeitspaket passt dazu" in ada.get("/work?q=xyz").text


def test_new_packages_are_announced(free: int, app: Flask, people: Cast, cleo: Browser) -> None:
    html = cleo.get("/work").text
    url = re.search(r'hx-get="(/work/news[^"]*)"', html)
    assert url
    assert "hidden" in cleo.get(url[1].replace("&amp;", "&"), partial=True).text
    with app.app_context():
        make_package(people, 1, title="Neues")
    assert "1 neues Arbeitspaket anzeigen" in cleo.get(url[1].replace("&amp;", "&"), partial=True).text


def test_leases_show_how_they_stand(led: int, app: Flask, people: Cast, cleo: Browser) -> None:
    def shown(days: int) -> str:
        with at(end_of(in_days(days)) - timedelta(hours=1)), app.app_context():
            (card,) = cards.cards([led], people.cleo.actor)
            assert card.lead
            return str(card.lead.left)

    assert (shown(57), shown(62)) == ("3", "-2")
    with app.app_context(), transaction():
        held = db.session.scalar(select(Claim))
        assert held
        held.lease_until -= timedelta(days=57)
    assert "Frist: noch 3 Tage" in cleo.get("/work").text
    with app.app_context(), transaction():
        held = db.session.scalar(select(Claim))
        assert held
        held.lease_until -= timedelta(days=5)
    assert "Frist fragt seit 2 Tagen" in cleo.get("/packages/AP-1").text
    do(app, moves.hold, led, people.ada.actor, "in Vergabe")
    assert "in Vergabe, Frist ruht" in cleo.get("/work").text


def test_under_a_proposal_the_section_adds_up(app: Flask, people: Cast, led: int, cleo: Browser) -> None:
    with app.app_context():
        make_package(people, 1, title="Zweites", effort=Decimal(4))
    html = cleo.get("/proposals/FV-1/packages", partial=True).text
    assert "2, davon 1 frei · 2,5 von 6,5 PT übernommen" in html


def test_columns_count_all_and_show_the_newest(app: Flask, people: Cast, ada: Browser) -> None:
    with app.app_context():
        proposal = make_proposal(people)
        for n in range(22):
            done = make_package(people, proposal, title=f"Fertiges {n}")
            claim(done, people.ada.actor)
            with transaction():
                package = locked(done)
                for verb in (moves.start, moves.submit, moves.finish):
                    verb(package, people.ada.actor)
    html = ada.get("/work").text
    assert "Fertiges 2<" in html
    assert "Fertiges 1<" not in html
    assert "Alle 22 anzeigen" in html


def test_the_list_goes_on_by_key(app: Flask, people: Cast, ada: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "PAGE", 2)
    with app.app_context():
        proposal = make_proposal(people)
        for n in range(5):
            make_package(people, proposal, title=f"Paket {n}")
    url, seen = "/work?view=list", []
    while url:
        html = ada.get(url).text
        seen += re.findall(r"Paket (\d)<", html)
        more = re.search(r'id="more" href="([^"]+)"', html)
        url = more[1].replace("&amp;", "&") if more else ""
    assert seen == ["4", "3", "2", "1", "0"]


@pytest.mark.parametrize("url", ["/work", "/work?view=list", "/proposals/FV-1/packages"])
def test_twenty_packages_cost_no_more_queries_than_one(app: Flask, people: Cast, ada: Browser, url: str) -> None:
    with app.app_context():
        proposal = make_proposal(people)
        claim(make_package(people, proposal), people.ada.actor)
    ada.get(url)
    one = queries_of(app, ada, url)
    with app.app_context():
        for n in range(19):
            package_id = make_package(people, proposal, title=f"Paket {n}")
            claim(package_id, people.cleo.actor)
            claim(package_id, people.ada.actor, Seat.SUPPORT)
    assert len(queries_of(app, ada, url)) == len(one)


def queries_of(app: Flask, client: Browser, url: str) -> list[str]:
    """The statements that a request sends."""
    app.extensions["pages"].forget()
    with counting(app) as sent:
        assert client.get(url).status_code == 200
    return sent


def test_an_unchanged_board_is_not_sent_again(led: int, app: Flask, people: Cast, gast: Browser) -> None:
    tag = gast.get("/work").headers["ETag"]
    assert gast.get("/work", headers={"If-None-Match": tag}).status_code == 304
    do(app, moves.start, led, people.ada.actor)
    assert gast.get("/work", headers={"If-None-Match": tag}).status_code == 200


# Claiming


def test_claiming_works_in_place_and_without_scripts(free: int, app: Flask, ada: Browser) -> None:
    answer = ada.post("/packages/AP-1/claim", data={"seat": "lead", "days": "2,5"}, partial=True, target="package-1")
    assert answer.status_code == 200
    assert "Für Aalen übernommen" in answer.text
    assert 'id="package-1"' in answer.text
    again = ada.post("/packages/AP-1/claim", data={"seat": "lead", "days": "2,5"})
    assert again.status_code == 303
    assert again.headers["Location"] == "/packages/AP-1#package-1"
    with app.app_context():
        assert db.session.execute(select(func.count(), func.sum(Claim.days))).one() == (1, Decimal("2.5"))


@pytest.mark.parametrize(
    ("target", "face"),
    [
        ("package-1", ""),
        ("package-1", "?face=line"),
        ("board", "?face=card&column=open"),
        ("packages-1", "?face=line"),
    ],
)
def test_who_comes_second_is_told_in_place_and_offered_a_seat(led: int, cleo: Browser, target: str, face: str) -> None:
    data = {"seat": "lead", "days": "3"}
    answer = cleo.post(f"/packages/AP-1/claim{face}", data=data, partial=True, target=target)
    assert answer.status_code == 409
    assert f'id="{target}"' in answer.text
    assert "Aalen war schneller" in answer.text
    assert "Mit 3 PT unterstützen" in answer.text
    assert 'name="days" value="3"' in answer.text
    refused = re.search(r'<(?:li|section)[^>]*id="package-1"[^>]*>', answer.text)
    assert refused
    assert "hx-trigger" not in refused[0], "the next live refresh would wipe the message"


def test_without_scripts_the_refusal_is_a_page_with_the_seat(led: int, cleo: Browser) -> None:
    answer = cleo.post("/packages/AP-1/claim?face=card", data={"seat": "lead"})
    assert answer.status_code == 409
    assert "<html" in answer.text
    assert "Aalen war schneller" in answer.text
    assert cleo.post("/packages/AP-1/claim", data={"seat": "support", "days": "1"}).status_code == 303


def test_a_bad_number_of_days_keeps_what_was_typed(free: int, app: Flask, ada: Browser) -> None:
    for days in ("viele", "0", "-1", "2,3", "1e9", "NaN", "99999"):
        answer = ada.post("/packages/AP-1/claim", data={"seat": "lead", "days": days}, partial=True, target="package-1")
        assert answer.status_code == 422, days
        assert f'value="{days}"' in answer.text
        assert "halben Schritten" in answer.text
    assert state(app) == "open"


def test_an_unknown_seat_is_refused(free: int, app: Flask, ada: Browser) -> None:
    assert ada.post("/packages/AP-1/claim", data={"seat": "boss"}, partial=True).status_code == 422
    assert state(app) == "open"


def test_providers_and_people_without_a_partner_cannot_claim(
    free: int, rolf: Browser, dora: Browser, pia: Browser, gast: Browser
) -> None:
    assert gast.post("/packages/AP-1/claim", data={"seat": "lead"}).status_code == 401
    for client in (rolf, dora, pia):
        for seat in ("lead", "support"):
            assert client.post("/packages/AP-1/claim", data={"seat": seat}).status_code == 403


def test_a_missing_package_is_missing_for_every_verb(app: Flask, ada: Browser, rolf: Browser) -> None:
    for verb in ("claim", "renew", "hand-back", "move", "hold", "resume", "commission"):
        data = {"seat": "lead", "reason": "x", "whom": "x"}
        assert ada.post(f"/packages/AP-9/{verb}", data=data).status_code == 404, verb
    for verb in ("bid", "withdraw-bid"):
        assert rolf.post(f"/packages/AP-9/{verb}", data={"text": "x"}).status_code == 404, verb
    for url in ("/packages/AP-9", "/packages/AP-9/card", "/packages/AP-9/edit", "/proposals/FV-9/packages"):
        assert ada.get(url).status_code == 404, url


# Moving, holding, handing back


def test_who_leads_can_hand_back_without_opening_a_menu(led: int, ada: Browser, cleo: Browser) -> None:
    assert 'id="package-1-hand-back">Zurückgeben</button>' in ada.get("/packages/AP-1").text
    assert 'id="package-1-hand-back"' not in cleo.get("/packages/AP-1").text


def test_the_menu_holds_only_what_would_work(led: int, app: Flask, people: Cast, ada: Browser, cleo: Browser) -> None:
    assert "to=in_progress" in ada.get("/work").text
    assert "to=review" not in ada.get("/work").text
    assert "to=in_progress" not in cleo.get("/work").text
    do(app, moves.start, led, people.ada.actor)
    assert "to=review" in ada.get("/packages/AP-1").text


def test_a_package_moves_to_its_column_at_once_and_only_once(led: int, app: Flask, ada: Browser) -> None:
    url = "/packages/AP-1/move?face=card&column=claimed&to=in_progress"
    answer = ada.post(url, partial=True, target="board")
    assert answer.status_code == 200
    column = answer.text.split('id="column-in_progress"')[1]
    assert "Formular bauen" in column
    assert ada.post(url, partial=True, target="board").status_code == 200
    assert state(app) == "in_progress"


@pytest.mark.parametrize("to", ["done", "claimed", "nowhere", ""])
def test_a_move_that_does_not_exist_is_refused(led: int, app: Flask, cleo: Browser, to: str) -> None:
    assert cleo.post("/packages/AP-1/move", data={"to": to}).status_code == 409
    assert state(app) == "claimed"


def test_another_partner_can_neither_move_hand_back_hold_nor_commission(led: int, app: Flask, cleo: Browser) -> None:
    for verb, data in (
        ("move", {"to": "in_progress"}), ("move", {"to": "open"}), ("hand-back", {}), ("renew", {}),
        ("hold", {"reason": "x"}), ("resume", {}), ("commission", {"whom": "x"}),
    ):  # fmt: skip
        assert cleo.post(f"/packages/AP-1/{verb}", data=data).status_code == 403, verb
    assert state(app) == "claimed"


def test_a_seat_is_renewed_and_handed_back_by_its_partner(led: int, app: Flask, ada: Browser, cleo: Browser) -> None:
    assert cleo.post("/packages/AP-1/claim", data={"seat": "support"}).status_code == 303
    assert "Die Übernahme gilt bis" in ada.post("/packages/AP-1/renew", data={"days": "4"}, partial=True).text
    assert ada.post("/packages/AP-1/renew", data={"days": "x"}).status_code == 422
    for _twice in range(2):
        assert ada.post("/packages/AP-1/hand-back").status_code == 303
    assert state(app) == "open"
    assert "Celle" in ada.get("/packages/AP-1").text


def test_who_lost_the_seat_reads_that_it_ended(led: int, app: Flask, people: Cast, ada: Browser) -> None:
    with app.app_context(), at(now() + timedelta(days=80)), transaction():
        claims.lapse_due(locked(led), claims.USUAL, (now() + timedelta(days=0)).date())
    answer = ada.post("/packages/AP-1/renew", partial=True, target="package-1")
    assert answer.status_code == 409
    assert "Ihre Übernahme ist beendet" in answer.text


def test_a_hold_needs_its_reason(led: int, app: Flask, ada: Browser) -> None:
    assert ada.post("/packages/AP-1/hold", data={"reason": ""}, partial=True).status_code == 422
    assert ada.post("/packages/AP-1/hold", data={"reason": "x" * 161}, partial=True).status_code == 422
    assert "Frist ruht" in ada.post("/packages/AP-1/hold", data={"reason": "in Vergabe"}, partial=True).text
    for _twice in range(2):
        assert ada.post("/packages/AP-1/resume").status_code == 303


def test_providers_offer_and_the_lead_commissions(led: int, ada: Browser, rolf: Browser, cleo: Browser) -> None:
    assert rolf.post("/packages/AP-1/bid", data={"text": "", "days": "5"}, partial=True).status_code == 422
    for _twice in range(2):
        assert rolf.post("/packages/AP-1/bid", data={"text": "In vier Wochen", "days": "5"}).status_code == 303
    assert cleo.post("/packages/AP-1/bid", data={"text": "Wir auch"}).status_code == 403
    assert ada.get("/packages/AP-1").text.count("In vier Wochen") == 1
    assert rolf.post("/packages/AP-1/commission", data={"whom": "Werk GmbH"}).status_code == 403
    assert ada.post("/packages/AP-1/commission", data={"whom": "Werk GmbH"}).status_code == 303
    assert "Beauftragt: Werk GmbH" in cleo.get("/packages/AP-1").text
    assert rolf.post("/packages/AP-1/withdraw-bid").status_code == 303
    assert "In vier Wochen" not in ada.get("/packages/AP-1").text


# Texts


def test_packages_are_created_one_per_line_and_only_once(app: Flask, people: Cast, ada: Browser) -> None:
    with app.app_context():
        make_proposal(people)
    lines = "Formular bauen | 5 PT\r\n\r\nTexte prüfen\t2,5\r\nAbnahme"
    for _twice in range(2):
        answer = ada.post("/proposals/FV-1/packages", data={"lines": lines})
        assert answer.status_code == 303
        assert answer.headers["Location"] == "/proposals/FV-1#packages-1"
    with app.app_context():
        rows = db.session.execute(select(Package.title, Package.effort).order_by(Package.id)).all()
    assert [tuple(row) for row in rows] == [
        ("Formular bauen", Decimal(5)), ("Texte prüfen", Decimal("2.5")), ("Abnahme", None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("", "füllen Sie dieses Feld aus"),
        ("Gut | 3\nSchlecht | viel", "Zeile 2: Der Aufwand ist nicht lesbar"),
        (" | 3", "Zeile 1: Der Titel fehlt"),
        ("x" * 121, "Zeile 1: Der Titel ist länger"),
        ("\n".join(["Zeile"] * 51), "Höchstens 50 Zeilen"),
    ],
)
def test_bad_lines_are_named_and_kept(app: Flask, people: Cast, ada: Browser, lines: str, told: str) -> None:
    with app.app_context():
        make_proposal(people)
    answer = ada.post("/proposals/FV-1/packages", data={"lines": lines})
    assert answer.status_code == 422
    assert told in answer.text
    assert lines.split("\n")[-1].strip() in answer.text
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Package)) == 0


def test_providers_create_and_edit_nothing(free: int, rolf: Browser, gast: Browser) -> None:
    assert rolf.post("/proposals/FV-1/packages", data={"lines": "Neu"}).status_code == 403
    assert rolf.get("/packages/AP-1/edit").status_code == 403
    assert gast.post("/packages/AP-1/edit").status_code == 401


def test_a_free_package_is_everybodys_to_sharpen_a_led_one_its_leads_and_the_product_owners(
    app: Flask, people: Cast, led: int, ada: Browser, cleo: Browser, pia: Browser, dora: Browser
) -> None:
    with app.app_context():
        free = make_package(people, title="Noch frei")
    words = {"title": "Geschärft", "text_version": "1"}
    assert cleo.post(f"/packages/AP-{free}/edit", data=words).status_code == 303
    for browser, status in ((ada, 200), (pia, 200), (cleo, 403), (dora, 403)):
        assert browser.get(f"/packages/AP-{led}/edit").status_code == status
    assert "Bitte kommentieren" in cleo.get(f"/packages/AP-{led}/edit").text
    assert f"/packages/AP-{led}/edit" not in cleo.get(f"/packages/AP-{led}").text
    assert f"/packages/AP-{led}/edit" in ada.get(f"/packages/AP-{led}").text


def test_who_was_overtaken_by_a_claim_keeps_the_typed_text(
    app: Flask, people: Cast, free: int, cleo: Browser, ada: Browser
) -> None:
    with app.app_context():
        claim(free, people.ada.actor)
    answer = cleo.post(f"/packages/AP-{free}/edit", data={"title": "Cleos Titel", "text_version": "1"})
    assert answer.status_code == 403
    assert "Cleos Titel" in answer.text
    assert ada.post(f"/packages/AP-{free}/edit", data={"title": "Adas Titel", "text_version": "1"}).status_code == 303


def test_an_edit_is_kept_whole(free: int, ada: Browser) -> None:
    words = {
        "title": "Formular mit Karte", "effort": "3,5", "text": "Ein **Text**", "deliverables": "- Formular",
        "acceptance": "Läuft", "owner": "IT-Amt", "funder": "Land", "due_on": "2027-03-01",
        "links": "Entwurf | https://example.org/e", "text_version": "1",
    }  # fmt: skip
    assert ada.post("/packages/AP-1/edit", data=words).status_code == 303
    html = ada.get("/packages/AP-1").text
    for shown in ("Formular mit Karte", "3,5 Personentage", "<strong>Text</strong>", "<li>Formular</li>", "IT-Amt",
                  "Land", "1. März 2027", 'href="https://example.org/e"'):  # fmt: skip
        assert shown in html
    form = ada.get("/packages/AP-1/edit").text
    assert 'name="milestone"' not in form  # Where there is no milestone, nobody is asked for one.
    assert 'value="3,5"' in form
    assert "Entwurf | https://example.org/e" in form


def test_a_package_is_planned_for_a_milestone_and_what_comes_off_it_too(
    free: int, people: Cast, app: Flask, ada: Browser
) -> None:
    with app.app_context():
        number = milestone(people, "Herbst")
    words = {"title": "Formular", "text_version": "1", "milestone": str(number)}
    assert ada.post("/packages/AP-1/edit", data=words).status_code == 303
    assert f'href="/roadmap#milestone-{number}">Herbst</a>' in ada.get("/packages/AP-1").text
    assert f'<option selected value="{number}">Herbst</option>' in ada.get("/packages/AP-1/edit").text
    assert ada.post("/packages/AP-1/split", data={"lines": "Teil"}).status_code == 303
    parts = select(Package.milestone_id).where(Package.split_from_id == 1)
    with app.app_context():
        assert db.session.scalars(parts).all() == [number]
    answer = ada.post("/packages/AP-1/edit", data=words | {"milestone": "99", "text_version": "3"})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "words",
    [
        {"title": ""}, {"title": "x" * 121}, {"effort": "0"}, {"effort": "1,25"}, {"due_on": "morgen"},
        {"links": "javascript:alert(1)"}, {"links": "Titel | javascript:alert(1)"}, {"text_version": "x"},
        {"text_version": "99999999999999"}, {"text": "x" * 20_001},
    ],
)  # fmt: skip
def test_a_bad_edit_keeps_what_was_typed(free: int, app: Flask, ada: Browser, words: dict[str, str]) -> None:
    sent = {"title": "Anders", "text": "Getippt", "owner": "Wir hier", "text_version": "1"} | words
    answer = ada.post("/packages/AP-1/edit", data=sent)
    assert answer.status_code == 422
    assert "Wir hier" in answer.text
    with app.app_context():
        assert db.session.get_one(Package, 1).title == "Formular bauen"


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("title", "Adas Titel", "Adas Titel"), ("effort", "7", "7"), ("due_on", "2027-03-01", "1. März 2027"),
        ("text", "Adas Text", "Adas Text"), ("deliverables", "Adas Ergebnis", "Adas Ergebnis"), ("owner", "Ada", "Ada"),
        ("acceptance", "Adas Probe", "Adas Probe"), ("funder", "Adas Amt", "Adas Amt"),
        ("links", "Plan | https://a.example/p", "Plan | https://a.example/p"),
    ],
)  # fmt: skip
def test_the_second_editor_sees_the_others_text_above_their_own(
    free: int, ada: Browser, cleo: Browser, field: str, value: str, shown: str
) -> None:
    sent = {"title": "Formular bauen", "text_version": "1"}
    assert ada.post("/packages/AP-1/edit", data=sent | {field: value}).status_code == 303
    mine = sent | {"title": "Cleos Titel"}
    answer = cleo.post("/packages/AP-1/edit", data=mine)
    assert answer.status_code == 409
    assert "Aalen hat den Text inzwischen geändert" in answer.text
    assert shown in answer.text.partition('<dl class="theirs">')[2].partition("</dl>")[0]
    assert answer.text.index('class="theirs"') < answer.text.index("Cleos Titel")
    assert 'name="text_version" value="2"' in answer.text
    assert cleo.post("/packages/AP-1/edit", data=mine | {"text_version": "2"}).status_code == 303


def test_what_people_write_is_escaped(free: int, ada: Browser) -> None:
    nasty = "<script>alert(1)</script>"
    words = {"title": nasty, "owner": nasty, "deliverables": nasty, "text": nasty, "text_version": "1"}
    assert ada.post("/packages/AP-1/edit", data=words).status_code == 303
    assert ada.post("/packages/AP-1/claim", data={"seat": "lead"}).status_code == 303
    assert ada.post("/packages/AP-1/hold", data={"reason": nasty}).status_code == 303
    for url in ("/work", "/work?view=list", "/packages/AP-1", "/packages/AP-1/edit", "/proposals/FV-1/packages"):
        assert nasty not in ada.get(url).text, url


@pytest.mark.parametrize(
    ("typed", "days"), [("5", "5"), ("2,5", "2.5"), ("2.5 PT", "2.5"), ("3 Personentage", "3"), ("0,5 Tage", "0.5")]
)
def test_person_days_are_read_as_people_write_them(typed: str, days: str) -> None:
    assert parse_days(typed) == Decimal(days)


# What others ask


def test_other_features_get_what_a_partner_leads_supports_and_offers(led: int, app: Flask, people: Cast) -> None:
    with app.app_context():
        claim(led, people.cleo.actor, Seat.SUPPORT)
        spare = make_package(people, 1, title="Freies")
        with transaction():
            bids.bid(locked(spare), people.rolf.actor, "Gern")

        def of(partner_id: int) -> dict[str, list[int]]:
            partner = type("P", (), {"id": partner_id})
            found = queries.for_partner(partner, people.ada.actor)
            return {name: [card.id for card in cards] for name, cards in found.items()}

        assert of(people.aalen) == {"leads": [led], "supports": [], "bids": []}
        assert of(people.celle) == {"leads": [], "supports": [led], "bids": []}
        assert of(people.provider) == {"leads": [], "supports": [], "bids": [spare]}
        assert [card.id for card in queries.free_packages(people.ada.actor)] == [spare]
