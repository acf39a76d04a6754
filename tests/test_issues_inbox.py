"""What people see of issues: chips on proposals and packages, the inbox, and never a hidden one."""

import pytest
from flask import Flask

from tests.conftest import Browser
from tests.factories import make_package, make_proposal
from tests.people import Cast
from tests.webhooks.forge import Forge, github_issue, gitlab_issue


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
