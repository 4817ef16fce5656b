from __future__ import annotations

from cmkmigrate.kinds.databricks.global_init_scripts import GlobalInitScripts
from tests.kinds.fake_site import FakeSite, entries

KIND = GlobalInitScripts()


def test_all_are_counted_by_name() -> None:
    site = FakeSite().on("/api/2.0/global-init-scripts", {"scripts": [{"script_id": "1", "name": "one"}]})
    assert [(one.id, one.name) for one in entries(KIND, site)] == [("1", "one")]
    assert KIND.unsupported and KIND.create is None
