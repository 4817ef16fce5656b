"""The statements are built once for each dialect, and each says what happens to a row that is there."""

from __future__ import annotations

import pytest
from sqlalchemy.dialects import postgresql, sqlite

from cmkmigrate.run import statements

DIALECTS = {"sqlite": sqlite.dialect(), "postgresql": postgresql.dialect()}


@pytest.mark.parametrize("name", DIALECTS)
def test_each_dialect_has_its_own(name: str) -> None:
    kept, replaced = (
        str(one.compile(dialect=DIALECTS[name])) for one in (statements.keep(name), statements.entry_upsert(name))
    )
    assert kept.endswith("ON CONFLICT DO NOTHING")
    assert "ON CONFLICT (side, kind, key) DO UPDATE SET" in replaced.replace('"', "")
    assert statements.keep(name) is statements.keep(name), "the writer knows a statement by its identity"
    assert statements.entry_upsert(name) is statements.entry_upsert(name)


def test_an_update_of_an_item_changes_what_it_names_alone() -> None:
    text = str(statements.item_update(("new_key", "new_kind", "new_side", "new_state", "new_step")))
    assert text.split("SET ")[1].split("WHERE")[0].strip() == "state=:new_state"
    assert text.count("AND") == 3
