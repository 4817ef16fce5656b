"""The first read after a write may be an old one, where it is asked for."""

from __future__ import annotations

from cmkmigrate.sandbox.wire import Clock
from tests.sandbox.databricks.conftest import Workspace

PATH = "/api/2.0/permissions/directories/0"


def test_first_read_is_old_and_the_next_is_not(new: Workspace, clock: Clock) -> None:
    new.state.settings.stale_s = 5.0
    entries = [{"group_name": name, "permission_level": "CAN_MANAGE"} for name in ("admins", "users")]
    before = new.get(PATH)
    new.put(PATH, access_control_list=entries)
    assert new.get(PATH) == before
    assert len(new.get(PATH)["access_control_list"]) == 2
    new.put(PATH, access_control_list=entries[:1])
    clock.advance(6)
    assert len(new.get(PATH)["access_control_list"]) == 1
