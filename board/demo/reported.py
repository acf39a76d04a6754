"""Real issues from public repositories of city apps, each with its source: the inbox shows what it is for."""

from urllib.parse import urlsplit

from board.demo.world import read
from board.issues import repositories
from board.issues.apply import Place, apply
from board.issues.snapshot import RepositoryFacts, Snapshot


def report() -> None:
    """Bring them in as an import does: state, labels and address as public, without a text of ours."""
    for row in read("repositories"):
        for issue in row.get("sample_issues", ()):
            if issue["kind"] != "issue":
                continue
            forge = urlsplit(row["url"]).hostname or ""
            home = repositories.loose(row["forge"], forge, RepositoryFacts(None, row["name"], row["url"], forge, False))
            apply(
                Place(home.id, home.name, False),
                Snapshot(
                    issue["number"], title=issue["title"], body="", state=issue["state"],
                    labels=tuple(issue["labels"]), url=issue["source"],
                ),
            )  # fmt: skip
