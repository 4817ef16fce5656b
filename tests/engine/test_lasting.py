"""What is written stands on keys that are looked at again."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from cmkmigrate.engine import lasting as module
from cmkmigrate.engine.lasting import Lasting
from cmkmigrate.errors import Stopped
from tests.engine import cloud


class Keys(cloud.Pools):
    """Says what it is told to of each of its outputs."""

    looked: ClassVar[list[str]] = []
    say: ClassVar[dict[str, str | Exception]] = {}

    def still(self, site: Any, outputs: Any) -> str:
        self.looked.append(outputs["id"])
        found = self.say.get(outputs["id"], "")
        if isinstance(found, Exception):
            raise found
        return found


@pytest.fixture
def board() -> Any:
    Keys.looked.clear()
    Keys.say.clear()
    names = {"one": "keys", "same": "keys", "two": "keys", "other": "pools", "open": "keys", "all": ""}
    steps = [SimpleNamespace(id=name, kind=kind) for name, kind in names.items()]
    migration = SimpleNamespace(
        playbook=SimpleNamespace(steps=steps), kinds={"keys": Keys(), "pools": cloud.Pools()}, site=lambda *_: None
    )
    outputs = {"one": {"id": "a"}, "same": {"id": "a"}, "two": {"id": "b"}, "other": {"id": "c"}, "all": {}}
    told: list[str] = []
    tell = lambda what, **more: told.append(more["text"])  # noqa: E731
    return SimpleNamespace(migration=migration, outputs=outputs, tell=tell, told=told)


def test_each_is_looked_at_once_and_again_after_a_while(board: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Lasting(board)
    one.guard()
    one.guard()
    assert Keys.looked == ["a", "b"]
    monkeypatch.setattr(module, "LOOK_S", 0.0)
    one.guard()
    assert Keys.looked == ["a", "b", "a", "b"]


def test_what_cannot_be_used_stops(board: Any) -> None:
    Keys.say["b"] = Stopped("it is disabled")
    one = Lasting(board)
    for _ in range(2):
        with pytest.raises(Stopped, match="disabled"):
            one.guard()


def test_what_cannot_be_told_is_said_once(board: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_S", 0.0)
    Keys.say["a"] = "may not be read"
    one = Lasting(board)
    one.guard()
    one.guard()
    assert board.told == ["not known whether it can still be used: may not be read"]
