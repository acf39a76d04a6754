"""One cluster for all its tests in a test process, those of the browser too; each test leaves it whole."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete

from board import create_app
from board.accounts.models import Throttle
from board.db import db, transaction
from board.partners.models import Electorate
from deploy.cluster.database import Lacking
from deploy.cluster.running import Cluster
from tests.cluster.place import Place
from tests.conftest import cannot_run, settings
from tests.factories import make_proposal
from tests.people import populate
from tests.test_deploy import _ports

TOKEN = "only-for-whoever-counts-streams-here"
SETTINGS = {"BOARD_SECOND_FACTOR": "none", "BOARD_LOG": "error", "THREADS": "24", "BOARD_STREAMS": "12",
            "BOARD_METRICS_TOKEN": TOKEN}  # fmt: skip


@pytest.fixture(scope="session")
def cluster_begun_once(worker_id: str) -> Iterator[Place]:
    """The cluster, begun once. Under /tmp, which whoever PostgreSQL runs as can reach."""
    folder = Path(os.environ.get("BOARD_TEST_PG", "/tmp/stadtrunde-test-pg") + f"-cluster-{worker_id}")
    shutil.rmtree(folder, ignore_errors=True)
    ports = _ports(3)
    origin = f"http://localhost:{ports[0]}"
    kept = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG", "PYTHONWARNINGS"}}
    try:
        cluster = Cluster(
            folder, "127.0.0.1", ports, {**kept, **SETTINGS, "BOARD_ORIGIN": origin, "PYTHONDONTWRITEBYTECODE": "1"},
            workers=2,
        )  # fmt: skip
    except Lacking as why:
        cannot_run(str(why))
    assert cluster.database
    try:
        cluster.database.start()
        secrets = {name: cluster.settings[name] for name in ("SECRET_KEY", "BOARD_KEY")}
        app = create_app(settings(folder / "app", cluster.url, BOARD_ORIGIN=origin, **secrets))
        assert app.test_cli_runner().invoke(args=["init"]).exit_code == 0
        with app.app_context():
            with transaction():
                people = populate()
            proposal = make_proposal(people, title="Ein Fahrplan für alle")
            assert db.session.get_one(Electorate, Electorate.ONLY).size == 3
            db.session.remove()
        cluster.start()
        yield Place(cluster, app, people, proposal)
        app.extensions["jobs"].close()
        with app.app_context():
            db.engine.dispose()
    finally:
        cluster.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def clustered(cluster_begun_once: Place) -> Place:
    """The cluster, whole, and nobody throttled."""
    with cluster_begun_once.app.app_context():
        with transaction():
            db.session.execute(delete(Throttle))
        db.session.remove()
    return cluster_begun_once
