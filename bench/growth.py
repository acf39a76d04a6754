"""`python -m bench.growth [--sizes 1000 10000 …] [--postgres URL] [--folder DIR]`: what pages cost as the board grows.

For each size and database it makes a demo of that many proposals, each with the same share of ballots, and asks for
every page with nothing kept. What is told per page is the time of its statements alone, asked again by themselves, and
its ratio to 10,000 proposals; the whole page is measured beside it, by our CPU and PostgreSQL's clock. A page that
answers an error ends the run. Whatever grows to more than three times, in its statements or as a whole, is measured
again, alone, and makes the run fail unless `grown.KNOWN` says why it may. Databases in DIR are used again.
All pages are asked at 10,000 and at the largest size; at those between, the ones that the table shows.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from flask import Flask
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.engine import make_url

from bench import asked, grown, machine
from board import config, create_app, i18n
from board.accounts import session
from board.accounts.models import Membership, Person
from board.db import db, transaction
from board.demo import large
from board.demo.seed import seed
from board.partners.models import Partner
from board.proposals import filters
from board.proposals.models import Proposal, Topic
from board.record import chain, checks

RESULTS = Path(__file__).parent / "results"
AGAIN = 3
ENOUGH = 65
"""One more than the usual demo has: whoever has so many was filled."""
SORTS = ("newest", "support", "contested", "active", "due", "strength", "value", "effort")


@dataclass(frozen=True)
class Page:
    """One address and who asks for it: nobody, delegate, owner or admin, or the first of them who may (`somebody`)."""

    name: str
    path: str
    who: str = ""


def main() -> None:
    """Measure, print the table, keep it."""
    asking = argparse.ArgumentParser(description=__doc__)
    asking.add_argument("--sizes", type=int, nargs="+", default=[1000, grown.BASE, 100_000])
    asking.add_argument("--postgres", metavar="URL", help="a database on a server that may create others beside it")
    asking.add_argument("--folder", type=Path, help="where the databases are, or are made and left")
    asking.add_argument("--only", default="", help="pages whose name contains this")
    asking.add_argument("--keep", metavar="NAME", help="write bench/results/NAME.json")
    asking.add_argument("--check", action="store_true", help="seal the record and run flask check on each size, too")
    chosen = asking.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = chosen.folder or Path(scratch)
        told = [*_runs(chosen.sizes, folder, chosen.postgres or "", chosen.only, check=chosen.check)]
    grown.table(told)
    if chosen.keep:
        kept = {"date": i18n.today().isoformat(), "machine": machine.described(), "runs": told}
        (RESULTS / f"{chosen.keep}.json").write_text(json.dumps(kept, indent=1) + "\n")
        grown.tell(kept)
    if wrong := [f"{kind}: {name}" for kind, name in grown.over(told)]:
        raise SystemExit("grew by more than they may:\n" + "\n".join(wrong))


def _runs(sizes: list[int], folder: Path, postgres: str, only: str, *, check: bool) -> Iterator[dict[str, Any]]:
    for kind in ("sqlite", *(["postgresql"] if postgres else [])):
        boards = {size: board(folder / f"{kind}-{size}", _url(kind, size, postgres), size) for size in sizes}
        measured = measure({size: app for size, (app, _made) in boards.items()}, only)
        for size, (app, made) in boards.items():
            found = {"database": kind, "proposals": size, **made, "pages": measured[size]}
            if check:
                found |= checked(app)
            with app.app_context():
                db.engine.dispose()
            yield found


def _url(kind: str, size: int, postgres: str) -> str:
    """The database's address; on PostgreSQL it is made unless it is there."""
    if kind == "sqlite":
        return ""
    name = f"growth_{size}"
    engine = create_engine(make_url(postgres).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if not connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = :n"), {"n": name}):
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return make_url(postgres).set(database=name).render_as_string(hide_password=False)


def board(folder: Path, url: str, size: int) -> tuple[Flask, dict[str, float]]:
    """A board with that many proposals, and what making it took, if it was made now."""
    folder.mkdir(parents=True, exist_ok=True)
    app = create_app(
        config.read({
            "BOARD_DATA": str(folder), "DATABASE_URL": url, "BOARD_DEMO": "1", "BOARD_ORIGIN": "http://localhost",
            "BOARD_LOG": "error", "BOARD_SECOND_FACTOR": "none",
        })
    )  # fmt: skip
    answer = app.test_cli_runner().invoke(args=["init"])
    if answer.exit_code:
        raise SystemExit(answer.output)
    with app.app_context():
        there = db.session.scalar(select(func.count()).select_from(select(Proposal.id).limit(ENOUGH).subquery())) or 0
        if there == ENOUGH:
            return app, {}
        if there:
            raise SystemExit(f"{folder} holds a demo that was not filled to its end; remove it (and its database)")
        world, cpu, clock = seed(), time.process_time(), time.monotonic()
        added = large.fill(world, size - len(world.proposals), share=large.THIN)
        return app, {
            "ballots": added.ballots, "made_cpu_s": round(time.process_time() - cpu, 1),
            "made_s": round(time.monotonic() - clock, 1), "bytes": _bytes(),
        }  # fmt: skip


def _bytes() -> int:
    of = (
        "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        if db.engine.dialect.name == "sqlite"
        else "SELECT pg_database_size(current_database())"
    )
    return int(db.session.scalar(text(of)) or 0)


def pages() -> list[Page]:
    """What is measured, with marks from the database it is measured on. Needs an application context."""
    newest = db.session.scalar(select(func.max(Proposal.id))) or 0
    middle = newest // 2
    row: Any = db.session.execute(select(Proposal.__table__).where(Proposal.id == middle)).one()
    place = {
        "newest": str(middle), "support": f"{row.n_for}~{middle}", "contested": f"{row.contest}~{middle}",
        "active": f"{row.active_at:%Y%m%dT%H%M%S%f}~{middle}", "due": f"{row.vote_by}~{middle}",
        "strength": f"{row.strength}~{middle}", "value": f"{row.value}~{middle}",
        "effort": f"{row.effort_high or 5}~{middle}",
    }  # fmt: skip
    by_size = select(Topic.slug).join(Proposal, Proposal.topic_id == Topic.id).group_by(Topic.slug)
    large_topic, *_rest, small_topic = db.session.scalars(by_size.order_by(func.count().desc())).all()
    maker = db.session.scalar(select(Partner.slug).where(Partner.id == row.partner_id))
    found = [Page(f"list {sort}", f"/proposals?sort={sort}") for sort in SORTS]
    found += [Page(f"list {sort}, deep", f"/proposals?sort={sort}&after={place[sort]}") for sort in SORTS]
    narrow = {
        "open": "state=open", "available": "state=available", "withdrawn": "state=withdrawn",
        "piloting": "state=piloting",
        "large topic": f"topic={large_topic}", "small topic": f"topic={small_topic}",
        "partner": f"partner={maker}", "value 5": "value=5", "effort up to 5": "effort=5", "much effort": "effort=more",
        "support 80": "support=80", "support 100": "support=100", "contest 100": "contest=100",
        "contest none": "contest=none", "milestone": "milestone=1", "no milestone": "milestone=none",
        "small topic, withdrawn": f"topic={small_topic}&state=withdrawn",
        "partner, small topic": f"partner={maker}&topic={small_topic}",
        "partner, declined, value 5": f"partner={maker}&state=declined&value=5",
        "small topic, support 100": f"topic={small_topic}&support=100",
    }  # fmt: skip
    for name, query in narrow.items():
        found += [
            Page(f"list of {name}{'' if sort == 'newest' else f' by {sort}'}", f"/proposals?{query}&sort={sort}")
            for sort in ("newest", "active", "strength", "support")
        ]
    found += [Page(f"list of {name}, deep", f"/proposals?{query}&after={middle}") for name, query in narrow.items()]
    found += [Page(f"list searched: {name}", f"/proposals?q={q}") for name, q in SEARCHES.items()]
    found += [Page(f"search: {name}", f"/search?q={q}") for name, q in SEARCHES.items()]
    found += [Page(f"jump: {name}", f"/search/jump?q={q}") for name, q in SEARCHES.items()]
    found += [
        Page("list, one's ballots due", "/proposals?mine=missing", "delegate"),
        Page("list, one's ballots due by date", "/proposals?mine=missing&sort=due", "delegate"),
        Page("list, in use elsewhere", "/proposals?elsewhere=1", "delegate"),
        Page("list, signed in", "/proposals", "delegate"),
        Page("proposal, real", "/proposals/FV-12"), Page("proposal, real, signed in", "/proposals/FV-12", "delegate"),
        Page("proposal, invented", f"/proposals/FV-{middle}"),
        Page("proposal, invented, signed in", f"/proposals/FV-{middle}", "delegate"),
        Page("proposal, invented, product owner", f"/proposals/FV-{middle}", "owner"),
        Page("work, done", "/work?state=done"), Page("work, list", "/work?view=list"),
        Page("pictures", "/proposals/pictures"),
        Page("pictures of a topic", f"/proposals/pictures?topic={small_topic}"),
        Page("pictures of the withdrawn", "/proposals/pictures?state=withdrawn"),
        Page("API, search", "/api/v1/search?q=karte"),
        Page("work, signed in", "/work", "delegate"), Page("overview, product owner", "/", "owner"),
    ]  # fmt: skip
    for kind in ("proposals", "ballots", "reuse", "learnings", "work", "comments", "issues", "partners"):
        found.append(Page(f"activity, {kind}", f"/activity?kind={kind}"))
        found.append(Page(f"activity, {kind} of a partner", f"/activity?kind={kind}&partner={maker}", "delegate"))
    found.append(Page("activity of a partner", f"/activity?partner={maker}"))
    return found


SEARCHES = {
    "in every row": "erfunden", "common": "karte", "two common": "karte familien", "rare": "mängelmelder",
    "key": "FV-500", "number": "777", "prefix": "stör", "short prefix": "er", "phrase": '"filter nach stadtteil"',
    "inside": "kalender", "misspelt": "merkliszte", "nothing": "quastenflosser",
    "common and none": "karte quastenflosser",
}  # fmt: skip


def walked(app: Flask) -> list[Page]:
    """Every other address that shows something, as the administrator, product owner and a delegate see it."""
    samples = {
        "proposal_id": 12, "package_id": 7, "comment_id": 1, "slug": "musterstadt", "person_id": 2, "topic_id": 1,
        "decision_id": 1, "learning_id": 1, "estimate_id": 1, "milestone_id": 1, "workshop_id": 1, "item_id": 1,
    }  # fmt: skip
    named = {"opendata.csv": ("proposals", "tallies", "packages", "reuse", "decisions"), "legal.imprint": ()}
    found = []
    with app.test_request_context():
        adapter = app.url_map.bind("localhost")
        for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
            if "GET" not in (rule.methods or ()) or rule.endpoint in BESIDE:
                continue
            names = named.get(rule.endpoint, ("proposals",)) if "name" in rule.arguments else ("",)
            for one in names:
                if rule.arguments - samples.keys() - {"name"}:
                    continue
                values = {name: samples.get(name, one) for name in rule.arguments}
                path = adapter.build(rule.endpoint, values)
                found += [Page(path, path), Page(f"{path}, signed in", path, "somebody")]
    return found


BESIDE = {"static", "live.stream", "ground.healthz"}
PIECES = 10
"""So many pieces of a file are read: the rest is as long as the board, batch by batch alike."""


def measure(apps: dict[int, Flask], only: str = "") -> dict[int, list[dict[str, Any]]]:
    """The milliseconds that the database needs for each page, and those of the whole page, for each size.

    Page by page through all sizes, so that whatever else the machine does hits all of them alike.
    """
    cookies = {size: signed_in(app) for size, app in apps.items()}
    compared = {grown.BASE, max(apps)}
    wanted = {size: _wanted(app, only, told_only=size not in compared) for size, app in apps.items()}
    found: dict[int, list[dict[str, Any]]] = {size: [] for size in apps}
    for name in dict.fromkeys(name for pages_ in wanted.values() for name in pages_):
        for size, app in apps.items():
            one = _one(app, wanted[size][name], cookies[size]) if name in wanted[size] else None
            if one:
                found[size].append(one)
                print(f"{size:9} {name:60} {one['db_ms']:9.2f} {one['whole_ms']:8.1f}", file=sys.stderr, flush=True)
        rows = {size: theirs[-1] for size, theirs in found.items() if theirs and theirs[-1]["page"] == name}
        if len(rows) > 1 and not grown.why(name):
            _again(apps, wanted, cookies, rows)
    return found


def _again(apps: dict[int, Flask], wanted: Any, cookies: Any, rows: dict[int, dict[str, Any]]) -> None:
    """Ask again for what seems to have grown, and keep the lesser time: whatever else the machine does only adds."""
    for _ in range(AGAIN):
        if not any(grown.too_much({size: row[part] for size, row in rows.items()}) for part in grown.PARTS):
            return
        size = max(rows)
        more = _one(apps[size], wanted[size][rows[size]["page"]], cookies[size])
        if more:
            rows[size] |= {part: min(more[part], rows[size][part]) for part in grown.PARTS}


def _wanted(app: Flask, only: str, *, told_only: bool = False) -> dict[str, Page]:
    """All pages with that in their names; of sizes between, which no ratio is made of, those that the table shows."""
    with app.app_context():
        found = {page.name: replace(page, path=_right(page.path)) for page in pages()}
    found = {page.name: page for page in walked(app)} | found
    told = {name for _label, name in grown.TOLD}
    return {name: page for name, page in found.items() if only in name and (name in told or not told_only)}


def _right(path: str) -> str:
    """The address to which a list would lead on: a redirection is no measurement."""
    at, _mark, query = path.partition("?")
    if at not in {"/proposals", "/proposals/pictures"}:
        return path
    asked_for = dict(parse_qsl(query))
    topics, partners = (set(db.session.scalars(select(table.slug))) for table in (Topic, Partner))
    right = filters.read(asked_for, topics=topics, partners=partners, partner=True, votes=True).query()
    return f"{at}?{right}" if right else at


def _one(app: Flask, page: Page, cookies: dict[str, str]) -> dict[str, Any] | None:
    """One page, asked by the first who may see it; None where nobody here can. Any other error ends the run."""
    for who in ("delegate", "owner", "admin") if page.who == "somebody" else (page.who,):
        status, statements, cpu = asked.of(app, page.path, cookies.get(who, ""), PIECES)
        if status < (300 if page.name.startswith(("list", "pictures")) else 400):
            break
    else:
        if status in NOT_FOR_THEM and page.name in {page.path, f"{page.path}, signed in"}:
            return None
        raise SystemExit(f"{page.name} ({page.path}): {status}")
    with app.app_context(), db.engine.connect() as connection:
        times = sorted(((asked.seconds(connection, one), one) for one in statements), key=lambda pair: -pair[0])
        apart = db.engine.dialect.name != "sqlite"  # SQLite works in our thread.
    in_database = sum(taken for taken, _one in times)
    return {
        "page": page.name, "db_ms": round(in_database * 1000, 2),
        "whole_ms": round((cpu + in_database * apart) * 1000, 1), "statements": len(statements),
        "slowest": times[0][1].statement if times and times[0][0] > 0.02 else "",
    }  # fmt: skip


NOT_FOR_THEM = frozenset({401, 403, 404, 405, 422})
"""What this person may not see, has not got, or would have to ask for more exactly."""


def signed_in(app: Flask) -> dict[str, str]:
    """The cookies of a delegate, a product owner and an administrator of that board."""
    seats = {
        "delegate": select(Membership.person_id, Membership.id).join(Partner, Partner.id == Membership.partner_id)
        .where(Membership.role == "delegate", Partner.slug == "ulm"),
        "owner": select(Person.id, Membership.id).outerjoin(Membership, Membership.person_id == Person.id)
        .where(Person.is_product_owner),
        "admin": select(Person.id, Membership.id).outerjoin(Membership, Membership.person_id == Person.id)
        .where(Person.is_admin),
    }  # fmt: skip
    cookies = {}
    with app.app_context():
        for who, query in seats.items():
            row = db.session.execute(query).first()
            assert row is not None, who
            with transaction():
                cookies[who] = f"session={session.begin(row[0], row[1])}"
    return cookies


def checked(app: Flask) -> dict[str, float]:
    """Seconds of `flask check` by the clock and of our own CPU, all entries being sealed; a finding ends the run."""
    with app.app_context(), i18n.speaking("en"):
        chain.seal_due()
        begun, cpu = time.monotonic(), time.process_time()
        wrong = [line for finding in checks.everything() for line in finding.wrong]
        db.session.close()
    if wrong:
        raise SystemExit(f"flask check: {wrong[:5]}")
    return {"check_s": round(time.monotonic() - begun, 1), "check_cpu_s": round(time.process_time() - cpu, 1)}


if __name__ == "__main__":
    main()
