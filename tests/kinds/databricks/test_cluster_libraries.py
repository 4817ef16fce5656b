from __future__ import annotations

from cmkmigrate.kinds.databricks.cluster_libraries import ClusterLibraries
from cmkmigrate.model import Entry
from tests.kinds.fake_site import FakeSite, entries, listing

KIND = ClusterLibraries()


def test_only_of_clusters_that_are_listed_and_have_some() -> None:
    statuses = [
        {"cluster_id": "a", "library_statuses": [{"status": "INSTALLED"}, {"status": "FAILED"}]},
        {"cluster_id": "b", "library_statuses": []},
        {"cluster_id": "of-a-job", "library_statuses": [{"status": "INSTALLED"}]},
    ]
    site = FakeSite().on("/api/2.0/libraries/all-cluster-statuses", {"statuses": statuses})
    found = entries(KIND, site, listing(clusters=[Entry("a", "a", "shared"), Entry("b", "b")]))
    assert [(one.id, one.name) for one in found] == [("a", "2 on shared")]
