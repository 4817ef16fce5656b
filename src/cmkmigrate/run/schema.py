"""The tables of a ledger. `docs/design.md` describes them for people; a change here raises SCHEMA_VERSION."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, Column, Float, Index, Integer, MetaData, String, Table, Text

SCHEMA_VERSION: Final = 2  # 2: sealed (seal.py)
metadata = MetaData()

# One row: what this run is of. Nobody resumes a run with another source, target or playbook.
meta = Table("meta", metadata, Column("k", String, primary_key=True), Column("v", Text, nullable=False))

# One row: who holds the run. `token` grows with every taking; a commit with an older token is refused.
lock = Table(
    "lock",
    metadata,
    Column("one", Integer, primary_key=True),
    Column("token", Integer, nullable=False),
    Column("holder", String, nullable=False),
    Column("host", String, nullable=False),
    Column("pid", Integer, nullable=False),
    Column("beat", Float, nullable=False),
)

step = Table(
    "step",
    metadata,
    Column("id", String, primary_key=True),
    Column("pass", Integer, nullable=False),
    Column("state", String, nullable=False),  # running, done, skipped
    Column("reason", Text, nullable=False, default=""),
    Column("outputs", Text, nullable=False, default="{}"),
)

# What each side listed in this pass: id <-> key on one side.
entry = Table(
    "entry",
    metadata,
    Column("side", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("id", String, nullable=False),
    Column("name", String, nullable=False, default=""),
    Column("hint", String, nullable=False, default=""),
    Column("of_kind", String, nullable=False, default=""),
    Column("of_key", String, nullable=False, default=""),
    Column("unsupported", Text, nullable=False, default=""),
    Column("excluded", Text, nullable=False, default=""),
    Column("seeded", Integer, nullable=False, default=0),
    Column("planned", Integer, nullable=False, default=0),  # only in a preview: an earlier step will make it
    Column("twin", Text, nullable=False, default=""),  # the key that it would have, were it not taken
    Column("ordinal", Integer, nullable=False, default=0),
    Column("seen", Integer, nullable=False, default=0),  # the listing that it was last seen in
    Index("entry_id", "side", "kind", "id"),
    sqlite_with_rowid=False,
)

# One row per thing that a step takes care of.
item = Table(
    "item",
    metadata,
    Column("step", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("side", String, primary_key=True),
    Column("pass", Integer, nullable=False),
    Column("do", String, nullable=False, default=""),
    Column("state", String, nullable=False),
    Column("name", String, nullable=False, default=""),
    Column("reason", Text, nullable=False, default=""),
    Column("notes", Text, nullable=False, default="[]"),
    Column("id", String, nullable=False, default=""),  # on the side that is written
    Column("ours", Integer, nullable=False, default=0),  # this run made it
    Column("source_hint", String, nullable=False, default=""),
    Column("target_hint", String, nullable=False, default=""),
    Column("operation_url", Text, nullable=False, default=""),
    Column("lands_by", Float, nullable=False, default=0.0),  # Unix seconds; until then a lost request may still land
    Column("tries", Integer, nullable=False, default=0),
    Column("at", Float, nullable=False, default=0.0),
    Index("item_open", "step", "kind", "state"),
    sqlite_with_rowid=False,
)

# What was there before the tool changed it for a while. Written once, before any intent.
original = Table(
    "original",
    metadata,
    Column("kind", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("path", String, primary_key=True),
    Column("value", Text, nullable=False),
    sqlite_with_rowid=False,
)

event = Table(
    "event",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Float, nullable=False),
    Column("what", String, nullable=False),
    Column("step", String, nullable=False, default=""),
    Column("kind", String, nullable=False, default=""),
    Column("key", String, nullable=False, default=""),
    Column("state", String, nullable=False, default=""),
    Column("text", Text, nullable=False, default=""),
)

evidence = Table(
    "evidence",
    metadata,
    Column("at", Float, primary_key=True),
    Column("depth", String, nullable=False),
    Column("complete", Integer, nullable=False),
    Column("body", Text, nullable=False),
)

# On PostgreSQL texts are ordered by their bytes as SQLite orders them (a folder before what is in it, whatever language
# the database speaks), and numbers take nanoseconds.
_SHARED: Final[dict[type, Any]] = {String: String(collation="C"), Text: Text(collation="C"), Integer: BigInteger()}
for _table in metadata.tables.values():
    for _column in _table.columns:
        if type(_column.type) in _SHARED:
            _column.type = _column.type.with_variant(_SHARED[type(_column.type)], "postgresql")
