"""What the commands share that look at every workspace: what is refused, what an unreadable list ends with."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmkmigrate.cli import estate
from cmkmigrate.errors import CallError, Denied, Mistake, NotAllowed, Stopped


def test_what_is_refused(tmp_path: Path) -> None:
    estate.check("", None)
    estate.check("51cc8e99-a185-5044-8d43-852f8ea01a8c", [tmp_path])
    with pytest.raises(Mistake) as refused:
        estate.check("AzureDatabricks", None)
    assert refused.value.subject == "--databricks-object-id"
    estate.check("", None, ["51cc8e99-a185-5044-8d43-852f8ea01a8c"])
    with pytest.raises(Mistake, match="'My subscription' is not the id"):
        estate.check("", None, ["My subscription"])
    with pytest.raises(Mistake, match="no such folder"):
        estate.check("", [tmp_path / "gone"])


@pytest.mark.parametrize(("error", "ends"), [(Denied("no"), NotAllowed), (CallError("lost"), Stopped)])
def test_subscriptions_that_cannot_be_listed(error: CallError, ends: type[Exception]) -> None:
    with pytest.raises(ends), estate.asking():
        raise error


def test_where_it_is_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    estate.write("Audit", ["a", "b"], None)
    assert capsys.readouterr() == ("a\nb\n", "")
    file = tmp_path / "audit.txt"
    estate.write("Audit", ["a", "b"], file)
    assert file.read_text() == "a\nb\n" and file.stat().st_mode & 0o077 == 0
    assert capsys.readouterr() == ("", f"Audit: {file}\n")
