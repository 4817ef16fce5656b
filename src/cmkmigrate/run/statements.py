"""The statements that a ledger writes again and again, each built once for each dialect."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from sqlalchemy import Table, bindparam

from cmkmigrate.run import schema
from cmkmigrate.run.locks import SHARED

ITEM_KEY: Final = ("step", "kind", "key", "side")


def upsert(table: Table, dialect: str) -> Any:
    """The INSERT ... ON CONFLICT of a dialect (`Engine.dialect.name`)."""
    if dialect == SHARED:
        from sqlalchemy.dialects.postgresql import insert as shared

        return shared(table)
    from sqlalchemy.dialects.sqlite import insert

    return insert(table)


@cache
def keep(dialect: str) -> Any:
    """The INSERT that keeps an original, and leaves one that is kept as it is."""
    return upsert(schema.original, dialect).on_conflict_do_nothing()


@cache
def item_update(names: tuple[str, ...]) -> Any:
    """The UPDATE that sets these columns; built once for each set of them."""
    columns = {name: name.removeprefix("new_") for name in names}
    where = [schema.item.c[columns[name]] == bindparam(name) for name in names if columns[name] in ITEM_KEY]
    changed: dict[str, Any] = {columns[name]: bindparam(name) for name in names if columns[name] not in ITEM_KEY}
    return schema.item.update().where(*where).values(changed)


@cache
def entry_upsert(dialect: str) -> Any:
    """The INSERT of an entry, which replaces what was listed of the same (side, kind, key)."""
    statement = upsert(schema.entry, dialect)
    names = [column.name for column in schema.entry.c if not column.primary_key]
    columns = {name: statement.excluded[name] for name in names}
    return statement.on_conflict_do_update(index_elements=["side", "kind", "key"], set_=columns)
