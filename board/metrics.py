"""`/metrics` for Prometheus: how many requests, how long, what waits. Counts and names of routes only, no person.

Closed (404) unless BOARD_METRICS_TOKEN is set and the extra `metrics` is installed. With several processes
deploy/gunicorn.conf.py sets PROMETHEUS_MULTIPROC_DIR: then counters are added up over all of them.
"""

import hmac
import os
import time
from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Flask, Response, current_app, g, request
from sqlalchemy import event, select
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import NotFound, Unauthorized

from board.backup import folder
from board.config import BadSetting, Config
from board.db import db, now
from board.jobs.models import TaskLock
from board.mail.queries import state
from board.record import chain

bp = Blueprint("metrics", __name__)

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
ENDLESS = frozenset({"live.stream"})
"""Routes whose length says nothing."""


class Meters:
    """What is counted in this process; made only where metrics are wanted."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

        self.registry = CollectorRegistry()
        named: dict[str, Any] = {"namespace": "stadtrunde", "registry": self.registry}
        self.requests = Counter("requests", "Answers by route and status.", ("endpoint", "method", "status"), **named)
        self.seconds = Histogram(
            "request_seconds", "Time to answer, streams left out.", ("endpoint",), buckets=SECONDS, **named
        )
        self.failures = Counter(
            "database_errors", "Statements that the database did not carry out.", ("kind",), **named
        )
        self.streams = Gauge("streams", "Live streams open now.", multiprocess_mode="livesum", **named)

    def text(self) -> bytes:
        """Everything in Prometheus' format, with what is asked of the database."""
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        self.streams.set(_streams())
        registry = self.registry
        if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry) + generate_latest(_asked())


def init_app(app: Flask, config: Config) -> None:
    """Offer the route, and count where it is open. Raises BadSetting when the extra is missing."""
    app.register_blueprint(bp)
    if not config.metrics_token:
        return
    try:
        app.extensions["metrics"] = meters = Meters()
    except ImportError:
        raise BadSetting("BOARD_METRICS_TOKEN needs the extra `metrics`: set BOARD_EXTRAS=1 for make.") from None
    app.before_request(_begin)
    app.after_request(_count)
    with app.app_context():
        event.listen(db.engine, "handle_error", lambda context: _failed(meters, context))


@bp.get("/metrics")
def show() -> Response:
    """Counts for the one who has the token."""
    token = current_app.config["BOARD"].metrics_token
    meters: Meters | None = current_app.extensions.get("metrics")
    if meters is None:
        raise NotFound
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
        raise Unauthorized
    answer = Response(meters.text(), mimetype="text/plain; version=0.0.4")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _begin() -> None:
    g.metered = time.perf_counter()


def _count(response: Response) -> Response:
    meters: Meters = current_app.extensions["metrics"]
    endpoint = request.endpoint or "none"
    method = request.method if request.method in {"GET", "POST", "HEAD"} else "other"
    meters.requests.labels(endpoint, method, response.status_code).inc()
    if endpoint not in ENDLESS and "metered" in g:
        meters.seconds.labels(endpoint).observe(time.perf_counter() - g.metered)
    meters.streams.set(_streams())
    return response


def _failed(meters: Meters, context: Any) -> None:
    problem = context.sqlalchemy_exception or context.original_exception
    meters.failures.labels(type(problem).__name__).inc()


def _streams() -> int:
    return len(current_app.extensions["live"])


class _Asked:
    """Numbers that belong to the installation, read when they are asked for."""

    def collect(self) -> Iterable[Any]:
        """The numbers; without the database only that it is away."""
        from prometheus_client.core import GaugeMetricFamily as Number

        try:
            found = list(_numbers(Number))
        except SQLAlchemyError:
            found = []
        yield Number("stadtrunde_database_up", "Whether the database answers.", value=int(bool(found)))
        yield from _backup(Number)
        yield from found


def _numbers(number: Any) -> Iterable[Any]:
    late = number("stadtrunde_job_late_seconds", "Seconds since a job was due; 0 when it is not.", labels=("job",))
    failing = number("stadtrunde_job_failing", "Whether a job's last run ended with an error.", labels=("job",))
    for lock in db.session.scalars(select(TaskLock)):
        late.add_metric((lock.name,), max(0.0, (now() - lock.until).total_seconds()))
        failing.add_metric((lock.name,), int(bool(lock.problem)))
    yield from (late, failing)
    outbox = state()
    age = (now() - outbox.oldest_at).total_seconds() if outbox.oldest_at else 0
    yield number("stadtrunde_mail_waiting", "Mail in the outbox that is not sent yet.", value=outbox.waiting)
    yield number("stadtrunde_mail_oldest_seconds", "Age of the oldest mail that waits.", value=age)
    yield number("stadtrunde_mail_given_up", "Mail of the last 30 days that will not arrive.", value=outbox.given_up)
    yield number("stadtrunde_record_position", "Entries of the record that are sealed.", value=chain.head().position)
    db.session.close()


def _backup(number: Any) -> Iterable[Any]:
    """How old the last backup from this machine is; endlessly old where there is none."""
    made = folder.last(current_app.config["BOARD"])
    age = (now() - made).total_seconds() if made else float("inf")
    yield number("stadtrunde_backup_age_seconds", "Age of the last backup from this machine.", value=age)
    told = f"Whether it is younger than {folder.FRESH.total_seconds() / 3600:.0f} hours."
    yield number("stadtrunde_backup_fresh", told, value=int(folder.fresh(made)))


def _asked() -> Any:
    from prometheus_client import CollectorRegistry

    registry = CollectorRegistry()
    registry.register(_Asked())
    return registry
