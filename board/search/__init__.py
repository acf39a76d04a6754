"""Finding again: one interface over SQLite FTS5 and PostgreSQL's German text search.

`words` reads what somebody typed, `index` keeps and asks the databases' own indexes, `queries` gathers what was found.
"""
