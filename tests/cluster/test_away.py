"""PostgreSQL goes away under a running cluster and comes back: what people see meanwhile, and how fast it heals."""

import json
import time

import pytest

from tests.cluster.place import HTMX, Answer, Listener, Place, until
from tests.webhooks.forge import Forge, github_issue, sign

pytestmark = pytest.mark.postgres
NOTICE = "Der Datenbestand ist gerade nicht erreichbar."


def test_while_postgresql_is_away_pages_stay_and_writes_are_told_so_and_it_heals_by_itself(place: Place) -> None:
    assert place.cluster.database
    ada = place.token(place.people.ada)
    forge = Forge(place.app, "github")
    for port in place.nodes:
        for path in ("/proposals", place.path(), "/"):
            assert place.ask(path, port=port).status == 200
            assert place.ask(path, port=port, **{"Accept-Language": "en"}).status == 200
    listener = Listener(place, ada).begin()
    place.cluster.database.kill()
    try:
        for port in (0, *place.nodes):
            _pages_stay(place, ada, port)
            _writes_are_told(place, ada, forge, port)
            assert place.ask("/healthz", port=port).status == 200
            assert place.ask("/readyz", port=port).status == 503
    finally:
        place.cluster.database.start()
    begun = time.monotonic()
    until(lambda: all(_whole(place.ask(place.path(), port=port)) for port in place.nodes), "pages are fresh again")
    until(lambda: all(_cast(place, ada, port) == 200 for port in place.nodes), "writes are taken again")
    took = time.monotonic() - begun
    before = listener.heard.get(f"tally-{place.proposal}", 0)
    assert _cast(place, ada, 0, "for") == 200
    until(lambda: listener.heard.get(f"tally-{place.proposal}", 0) > before, "and the stream goes on")
    listener.close()
    print(f"healed {took:.1f} s after PostgreSQL answered again; the stream was opened {listener.connections} times")


def _pages_stay(place: Place, ada: str, port: int) -> None:
    for path in ("/proposals", place.path(), "/"):
        answer = place.ask(path, port=port)
        assert answer.status == 200, (path, port)
        assert NOTICE in answer.text
        assert answer.headers["Cache-Control"] == "no-store"
    assert "The data cannot be reached" in place.ask("/proposals", port=port, **{"Accept-Language": "en"}).text
    assert "Sie bleiben angemeldet." in place.ask("/proposals", ada, port=port).text
    for path in ("/account", "/partners?q=nie-gefragt", "/data/proposals.json"):
        _clear(place.ask(path, ada, port=port))


def _writes_are_told(place: Place, ada: str, forge: Forge, port: int) -> None:
    words = {"text": "Das habe ich lange überlegt und nirgends sonst aufgeschrieben."}
    page = place.ask(place.path("/comments"), ada, words, port=port)
    _clear(page)
    assert words["text"] in page.text, "to copy or to send once more"
    fragment = place.ask(place.path("/comments"), ada, words, port=port, **HTMX)
    _clear(fragment)
    assert "<html" not in fragment.text
    raw = json.dumps(github_issue()).encode()
    signed = sign("github", forge.secret, raw, raw, "issues", "id-away", "")
    hook = place.post(forge.url, raw, {**signed, "Content-Type": "application/json"}, port=port)
    assert hook.status == 503, "the forge comes again"


def _clear(answer: Answer) -> None:
    assert answer.status == 503
    assert answer.headers["Retry-After"]
    assert NOTICE in answer.text
    assert "Sie bleiben angemeldet." in answer.text


def _whole(answer: Answer) -> bool:
    return answer.status == 200 and NOTICE not in answer.text


def _cast(place: Place, token: str, port: int, choice: str = "abstain") -> int:
    return place.ask(place.path("/ballot"), token, {"choice": choice}, port=port, **HTMX).status
