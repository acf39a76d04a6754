"""`python -m bench.many [ADDRESS …]`: what pages cost on a board with thousands of partners (docs/scale.md).

The board is that of BOARD_DATA, or of DATABASE_URL; `flask demo --partners 10800` fills one. Each page is made anew
with nothing kept: CPU of this process (SQLite's included) and the time of its statements, asked again by themselves
(CPU on SQLite, the clock on PostgreSQL), each the least of several.
"""

import argparse
import os

from bench import asked
from bench.growth import signed_in
from board import config, create_app
from board.db import db

TIMES = 4
WHO = ("delegate", "owner", "admin")
PAGES = (
    "/", "/proposals", "/proposals?state=available", "/work", "/roadmap", "/figures", "/account", "/proposals/FV-1",
    "/proposals/FV-3", "/proposals/FV-3/ballots/all", "/proposals/FV-3/coalition/all", "/proposals/FV-1/reuse/all",
    "/proposals/FV-3/sheet", "/partners", "/admin/partners", "/admin/people", "/invitations", "/activity", "/reuse",
    "/search?q=gemeinde", "/api/v1/partners", "/api/v1/proposals/FV-1/reuse", "/api/v1/proposals/FV-3/offers",
    "/work.yaml", "/work.csv",
)  # fmt: skip


def main() -> None:
    """Ask each page, by the first who may see it, and print a line."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("addresses", nargs="*", default=PAGES)
    app = create_app(config.read({"BOARD_SECOND_FACTOR": "none", "BOARD_LOG": "error", **os.environ}))
    cookies = signed_in(app)
    print(f"{'page':44} {'CPU':>10} {'statements':>14} {'size':>10}")
    for path in arguments.parse_args().addresses:
        for who in WHO:
            status, statements, cpu = asked.of(app, path, cookies[who])
            if status < 400:
                break
        else:
            raise SystemExit(f"{path}: {status}")
        cpu = min(cpu, *(asked.of(app, path, cookies[who])[2] for _ in range(TIMES - 1)))
        with app.app_context(), db.engine.connect() as connection:
            taken = sum(asked.seconds(connection, one) for one in statements)
        headers = {"Cookie": cookies[who], "Sec-Fetch-Site": "same-origin"}
        size = len(app.test_client(use_cookies=False).get(path, headers=headers).data)
        print(
            f"{path:44} {cpu * 1000:7.1f} ms {taken * 1000:7.1f} ms {len(statements):3} {size / 1024:7.0f} KB",
            flush=True,
        )


if __name__ == "__main__":
    main()
