"""A probe of the disks' key: the smallest compute is started once, looked at, and deleted for good.

`Succeeded` of the PUT that sets the key proves nothing (recordings `create_v1#0`, `update_v1#12`: it succeeds with a
key that nobody was given); compute that comes to life does. Assumption: every machine has a managed data disk, so that
the smallest one proves as much as any.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Final

from cmkmigrate.errors import Refused
from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.kinds.databricks.paging import pages
from cmkmigrate.model import Asset, Body, Entry, Made

CLUSTERS: Final = "/api/2.1/clusters"
TAG: Final = "cmkmigrate-probe"
KEY: Final = "disks"
START_S: Final = 1200.0  # for a cluster to come to life
TRIES: Final = 5  # starts of the one cluster, where the identity of the disks may not use the key yet
# Assumption: the words in which a start that the key has stopped says so (ssc-sp/datahub-portal#266 has the code).
_NOT_YET: Final = re.compile(r"KeyVaultAccessForbidden|KeyVault|DiskEncryptionSet|disk encryption set", re.IGNORECASE)


class DiskProbe(Kind):
    """One cluster of one machine, known by its tag, which ends by itself after ten minutes whatever becomes of the run.
    Settings: key_uri, key_name, key_version.

    Done means: it came to life under that key, and is deleted. A start that was refused fails with the service's own
    reason. The result stands until the key is another; `resume --retry-failed` probes again.
    """

    name = "disk_probe"
    service = "clusters"
    writes_source = True
    once = True
    unverified = ("that no compute comes to life where the disks' key cannot be used (selftest: start-without-grant)",)
    settings: ClassVar[dict[str, type]] = {
        "key_uri": str,
        "key_name": str,
        "key_version": str,
    }

    def desired(self, source: Site, settings: Settings, listed: Listed) -> Iterable[Entry]:
        key = "/".join(str(settings.get(name) or "").rstrip("/") for name in ("key_uri", "key_name", "key_version"))
        body = _smallest(source) | {"custom_tags": {"ResourceClass": "SingleNode", TAG: _digest(key)}}
        return [Asset(KEY, KEY, f"disks of {source.name}", hint=_digest(key), body=body)]

    def list(self, site: Site, settings: Settings, listed: Listed) -> Iterator[Entry]:
        query = {"page_size": 100, "filter_by.cluster_sources": ["API"]}
        for found in pages(site, f"{CLUSTERS}/list", query, "clusters"):
            if TAG in (found.get("custom_tags") or {}):
                yield Entry(str(found["cluster_id"]), KEY, str(found.get("cluster_name", "")))

    def load(self, site: Site, entry: Entry) -> Asset:
        return Asset(entry.id, KEY, entry.name, body=site.read(f"{CLUSTERS}/get", {"cluster_id": entry.id}))

    def fit(self, want: Body, have: Body) -> Body:
        """Whatever the service made of it: it is to be looked at, not changed."""
        return have

    def create(self, site: Site, asset: Asset) -> Made:
        """The token lets the service itself refuse a second one while the first runs."""
        body = asset.body or {}
        token = hashlib.sha256(f"{TAG}:{site.host}:{body['custom_tags'][TAG]}".encode()).hexdigest()[:32]
        return Made(str(site.write("POST", f"{CLUSTERS}/create", body | {"idempotency_token": token})["cluster_id"]))

    def settle(self, site: Site, asset: Asset, made: Made) -> None:
        """Wait for how it ends, and delete it in any case. Raises Refused with the service's reason."""
        tries, until = 1, time.monotonic() + START_S
        while True:
            found = site.read(f"{CLUSTERS}/get", {"cluster_id": made.id})
            state, why = str(found.get("state")), _reason(found)
            if state == "TERMINATED" and _NOT_YET.search(why) and tries < TRIES:
                time.sleep(min(60.0, site.poll_s * 2**tries))  # its grant may take effect yet
                site.write("POST", f"{CLUSTERS}/start", {"cluster_id": made.id})
                tries += 1
                continue
            late = time.monotonic() > until
            if state in ("RUNNING", "TERMINATED", "ERROR") or late:
                site.write("POST", f"{CLUSTERS}/permanent-delete", {"cluster_id": made.id})
                if state == "RUNNING" or why.startswith("INACTIVITY"):  # it ran, and ended by itself
                    return
                raise Refused(f"the probe did not start: {why or f'still {state} after {START_S:.0f} s'}")
            time.sleep(min(10.0, site.poll_s))

    def forecast(self, site: Site, bodies: Iterable[Body]) -> str:
        machines = [str(body.get("node_type_id")) for body in bodies]
        return f"the probe starts one machine ({', '.join(machines)}) for some minutes" if machines else ""


def _smallest(site: Site) -> dict[str, Any]:
    """The newest runtime with long-term support, on the smallest machine that is offered. Raises Refused."""
    versions = site.read(f"{CLUSTERS}/spark-versions").get("versions") or []
    lasting = [str(one["key"]) for one in versions if "LTS" in str(one.get("name"))]
    lasting = [key for key in lasting if not re.search("-ml|photon|aarch", key)]
    sizes = site.read(f"{CLUSTERS}/list-node-types").get("node_types") or []
    offered = [one for one in sizes if not one.get("is_deprecated") and not one.get("num_gpus") and _there(one)]
    if not lasting or not offered:
        raise Refused("the workspace offers no runtime with long-term support, or no machine to probe with")
    smallest = min(offered, key=lambda one: (one.get("num_cores") or 0, one.get("memory_mb") or 0))
    return {
        "cluster_name": TAG,
        "spark_version": max(lasting, key=lambda key: [int(one) for one in re.findall(r"\d+", key)[:2]]),
        "node_type_id": smallest["node_type_id"],
        "num_workers": 0,
        "autotermination_minutes": 10,
        "spark_conf": {"spark.databricks.cluster.profile": "singleNode", "spark.master": "local[*]"},
    }


def _there(size: Body) -> bool:
    """Whether a machine can be had: those that are not enabled on the subscription, or not there in the region, are
    listed all the same, with a status (terraform-provider-databricks#1533)."""
    return not (size.get("node_info") or {}).get("status")


def _reason(found: Body) -> str:
    """Why a cluster has ended, in the service's words; "" for one that has not."""
    said = found.get("termination_reason") or {}
    parts = [str(said.get("code") or ""), *(str(one) for _, one in sorted((said.get("parameters") or {}).items()))]
    return " ".join(part for part in parts if part)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:16]
