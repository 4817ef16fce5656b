"""What is remembered of the entries is true, also of those that are on their way to the disk."""

from __future__ import annotations

import pytest

from cmkmigrate.engine.names import Names, as_row
from cmkmigrate.model import Entry
from cmkmigrate.run import writer
from cmkmigrate.run.ledger import Ledger


def test_what_is_not_on_disk_yet_is_not_taken_for_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "LINGER_S", 3600.0)
    with Ledger.scratch() as ledger:
        names = Names(ledger)
        names.add(as_row("target", "notes", Entry("1", "/a"), "/a", 0))
        assert names.id_of("target", "notes", "/a") == "1"
        names.forget("target", "notes")
        assert names.find("target", "notes", "/a") is None
        ledger.commit()
        assert names.id_of("target", "notes", "/a") == "1"
