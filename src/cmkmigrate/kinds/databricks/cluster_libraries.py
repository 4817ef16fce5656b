"""Libraries installed on clusters: listed and counted, not moved by this version."""

from __future__ import annotations

from collections.abc import Iterator

from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.kinds.databricks.unsupported import LATER
from cmkmigrate.model import Entry


class ClusterLibraries(Kind):
    """One for each listed cluster that has any; those of a job's clusters are in the job."""

    name = "cluster_libraries"
    service = "listed"
    unsupported = LATER
    parents = ("clusters",)

    def list(self, site: Site, settings: Settings, listed: Listed) -> Iterator[Entry]:
        clusters = {one.id: one for one in listed("clusters")}
        for found in site.read("/api/2.0/libraries/all-cluster-statuses").get("statuses") or ():
            cluster = clusters.get(str(found["cluster_id"]))
            libraries = found.get("library_statuses")
            if cluster is not None and libraries:
                yield Entry(cluster.id, name=f"{len(libraries)} on {cluster.name or cluster.id}")
