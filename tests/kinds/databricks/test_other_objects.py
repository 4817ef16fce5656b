from __future__ import annotations

from cmkmigrate.kinds.databricks.other_objects import OtherObjects
from cmkmigrate.model import Entry
from tests.kinds.fake_site import FakeSite, by_key, listing, tree

KIND = OtherObjects()


def test_every_object_of_the_tree_is_counted_once() -> None:
    site = tree(
        FakeSite(),
        {"path": "/lib", "object_type": "LIBRARY"},
        {"path": "/new", "object_type": "HOLOGRAM"},
        {"path": "/sales.lvdash.json", "object_type": "DASHBOARD"},
        {"path": "/copy"},
        {"path": "/copy/sales.lvdash.json", "object_type": "DASHBOARD"},
        {"path": "/n", "object_type": "NOTEBOOK"},
        {"path": "/f", "object_type": "FILE"},
        {"path": "/r", "object_type": "REPO"},
    )
    found = by_key(KIND, site, listing(dashboards=[Entry("d1", name="sales")]))
    # Two stand in the tree and the listing has one of them: the other would be lost if it were not counted here.
    assert sorted(found) == ["/lib", "/new", "/sales.lvdash.json"]
    assert "HOLOGRAM" in found["/new"].unsupported and "export" in found["/lib"].unsupported
