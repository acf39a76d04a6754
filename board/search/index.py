"""The databases' own text indexes over the folded `search` columns: made after every migration, asked by `within`.

SQLite: an FTS5 table per indexed table, kept by triggers. PostgreSQL: a generated column `fts`, which is
`to_tsvector('german', search)`, and a GIN index over it: a phrase, or a walk through the newest, reads no text again.
Both are kept by the database in the transaction that writes the text, so what is withdrawn is found no more at once.
"""

from collections.abc import Iterable, Sequence
from string import Template
from typing import Any

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Integer,
    SelectBase,
    String,
    and_,
    any_,
    column,
    func,
    inspect,
    literal_column,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy import table as named
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.engine import Connection
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql import Select

from board.db import on_postgres
from board.search import words

INDEXED = ("proposal", "package", "comment", "issue", "learning")
WINDOW = 2000
"""So many of the newest hits are looked at: nobody reads further, and the cost does not grow with the board."""
WALKED = 10_000
"""PostgreSQL's index knows no order of its hits: so many of the newest rows are looked at one by one before it is
asked, and a word that stands in every row is found there, not fetched a million times."""
ENOUGH = 100
"""With so many hits among those the index is not asked: a word of one row in a hundred has ten thousand to fetch."""
INSIDE = 5000
"""So many of the newest rows are also searched for parts of words: `melder` in `Mängelmelder`."""


PLAIN = "translate(search, '-_/.:@', '      ')"
"""PostgreSQL reads signs, addresses and paths as one word each; without these characters it sees the words."""


def ensure(connection: Connection) -> None:
    """Make what is missing, on a migrated database; recreating a table in a migration drops its triggers."""
    there = inspect(connection)
    tables = set(there.get_table_names())
    for name in INDEXED:
        columns = {c["name"] for c in there.get_columns(name)} if name in tables else set()
        make = _on_postgres if connection.dialect.name == "postgresql" else _on_sqlite
        make(connection, name, "search" in columns)


def _on_postgres(connection: Connection, name: str, indexable: bool) -> None:
    if not indexable:
        return
    words_of = f"tsvector GENERATED ALWAYS AS (to_tsvector('german', {PLAIN})) STORED"
    if "fts" not in {c["name"] for c in inspect(connection).get_columns(name)}:  # Asking with ALTER would lock it.
        connection.execute(text(f"DROP INDEX IF EXISTS ix_{name}_fts"))
        connection.execute(text(f"ALTER TABLE {name} ADD COLUMN fts {words_of}"))
    connection.execute(text(f"CREATE INDEX IF NOT EXISTS ix_{name}_fts ON {name} USING gin (fts)"))


def _on_sqlite(connection: Connection, name: str, indexable: bool) -> None:
    def run(statement: str) -> None:
        connection.exec_driver_sql(Template(statement).substitute(t=name))

    if not indexable:
        run("DROP TABLE IF EXISTS ${t}_fts")
        return
    known = connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = ?", (f"{name}_fts",)).first()
    for statement in ON_SQLITE:
        run(statement)
    if not known:
        rebuild(connection, [name])


def rebuild(connection: Connection, names: Iterable[str]) -> None:
    """Read the text indexes of these tables anew, after rows came in without their triggers (SQLite)."""
    for name in names:
        if name in INDEXED:
            connection.exec_driver_sql(f"INSERT INTO {name}_fts ({name}_fts) VALUES ('rebuild')")  # noqa: S608 # nosec


_NEW = "INSERT INTO ${t}_fts (rowid, search) VALUES (new.id, new.search);"
_OLD = "INSERT INTO ${t}_fts (${t}_fts, rowid, search) VALUES ('delete', old.id, old.search);"
_WHEN = "AFTER UPDATE OF search ON $t WHEN new.search <> old.search"
ON_SQLITE = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS ${t}_fts USING fts5(search, content='$t', content_rowid='id', prefix='2 3')",
    f"CREATE TRIGGER IF NOT EXISTS ${{t}}_fts_new AFTER INSERT ON $t BEGIN {_NEW} END",
    f"CREATE TRIGGER IF NOT EXISTS ${{t}}_fts_gone AFTER DELETE ON $t BEGIN {_OLD} END",
    f"CREATE TRIGGER IF NOT EXISTS ${{t}}_fts_changed {_WHEN} BEGIN {_OLD} {_NEW} END",
)


def within(id_: InstrumentedAttribute[int] | Column[int], typed: str) -> ColumnElement[bool]:
    """The condition that a row of an indexed table is among the newest hits; nothing typed is no condition."""
    name: str = id_.table.name if isinstance(id_, Column) else id_.class_.__tablename__
    terms, wanted = words.read(typed), words.as_typed(typed)
    if not wanted:
        return and_(True)
    parts = select(_parts(name, wanted).subquery().c.id)
    return one_of(id_, parts.union(select(_hits(name, terms).subquery().c.id)) if terms else parts)


def among(id_: InstrumentedAttribute[int], wanted: Sequence[str]) -> ColumnElement[bool]:
    """The condition that a row is among the newest hits of any of these beginnings of words, or has one inside."""
    name: str = id_.class_.__tablename__
    terms = tuple(words.Term((token,)) for one in wanted for token in words.tokens(one))
    parts = select(_parts(name, wanted, either=True).subquery().c.id)
    return one_of(id_, parts.union(select(_hits(name, terms, either=True).subquery().c.id)) if terms else parts)


def one_of(id_: InstrumentedAttribute[int] | Column[int], found: SelectBase) -> ColumnElement[bool]:
    """Looked up one by one: PostgreSQL takes a list of ids for long as a query and for short as an array."""
    if not on_postgres():
        return id_.in_(found)
    ids: ColumnElement[Any] = func.array(found.scalar_subquery(), type_=ARRAY(Integer))
    return id_ == any_(ids)


def _hits(name: str, terms: tuple[words.Term, ...], *, either: bool = False) -> Select[Any]:
    """The newest ids that the text index knows; of any of the terms, or of all."""
    if on_postgres():
        return _newest_of(name, words.for_postgres(terms, either=either))
    fts = named(f"{name}_fts", column("rowid", Integer), column(f"{name}_fts", String))
    match = fts.c[f"{name}_fts"].op("MATCH")(words.for_sqlite(terms, either=either))
    return select(fts.c.rowid.label("id")).where(match).order_by(fts.c.rowid.desc()).limit(WINDOW)


def _newest_of(name: str, query: str) -> Select[Any]:
    """The newest hits on PostgreSQL: among the newest rows, and only if those are too few, what the index knows."""
    here = named(name, column("id", Integer), column("fts", TSVECTOR))
    german: ColumnElement[Any] = literal_column("'german'::regconfig")
    asked = func.to_tsquery(german, query)
    newest = select(here.c.id, here.c.fts).order_by(here.c.id.desc()).limit(WALKED).subquery()
    floor = select(func.min(newest.c.id)).scalar_subquery()
    walked = select(newest.c.id).where(newest.c.fts.op("@@")(asked)).cte(f"walked_{name}")
    found = select(func.count()).select_from(walked).scalar_subquery()
    older = (
        select(here.c.id)
        .where(here.c.fts.op("@@")(asked), here.c.id + 0 < floor, found < ENOUGH)
        .order_by((here.c.id + 0).desc())  # Its planner takes a rare word for a common one and would walk all ids.
        .limit(WINDOW)
        .subquery()
    )
    both = union_all(select(walked.c.id), select(older.c.id)).subquery()
    return select(both.c.id).limit(WINDOW)


def _parts(name: str, wanted: Sequence[str], *, either: bool = False) -> Select[Any]:
    """The ids among the newest rows that have these parts anywhere, inside of words too."""
    here = named(name, column("id", Integer), column("search", String))
    newest = select(here.c.id, here.c.search).order_by(here.c.id.desc()).limit(INSIDE).subquery()
    has = [newest.c.search.contains(part, autoescape=True) for part in wanted]
    return select(newest.c.id).where(or_(*has) if either else and_(*has))
