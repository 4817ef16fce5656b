"""Whether the new workspace can hold what the old one holds: a workspace of today is not always a clone of an old one.

Where an account disables legacy features, a new workspace is born without DBFS root, mounts and hive_metastore, and
starts no old runtimes; metastore, default catalog, runtimes and node types can differ too. Nothing here is made: both
sides are read, and a difference stops the run before any content is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Final

from cmkmigrate.errors import Denied, Mistake, NotFound, Refused
from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.model import Asset, Body, Entry

_ABSENT: Final = ("ENDPOINT_NOT_FOUND", "FEATURE_DISABLED", "METASTORE_DOES_NOT_EXIST")
_SETTING: Final = "/api/2.0/settings/types/{}/names/default"


class Likeness(Kind):
    """One thing for each workspace. Settings: accept (names of LOOKS whose difference does not matter)."""

    name = "likeness"
    service = "legacy"
    alone = True
    partial = True
    unverified = (
        "that a workspace born without legacy features says so in the settings disable_legacy_dbfs and "
        "disable_legacy_access, and answers 404 for one that was never touched (no selftest asks an account)",
    )
    settings: ClassVar[dict[str, type]] = {"accept": list}

    def check(self, settings: Settings) -> None:
        if strange := sorted(_accepted(settings) - LOOKS.keys()):
            raise Mistake(
                f"there is no difference called {strange[0]!r}",
                subject="accept_differences",
                why=f"there are: {', '.join(LOOKS)}",
            )

    def list(self, site: Site, settings: Settings, listed: Listed) -> Iterable[Entry]:
        self.check(settings)
        accepted = _accepted(settings)
        body: Body = {name: look(site) for name, look in LOOKS.items() if name not in accepted}
        return [Asset(site.url, "workspace", "the workspace", body=body)]

    def fit(self, want: Body, have: Body) -> Body:
        """What the old workspace does not have itself cannot be missed."""
        return {name: value for name, value in want.items() if value not in (False, "none")}


def _accepted(settings: Settings) -> set[str]:
    return {str(one) for one in settings.get("accept") or ()}


def _runtimes(site: Site) -> dict[str, bool]:
    found = _read(site, "/api/2.1/clusters/spark-versions").get("versions") or ()
    return {str(one.get("key")): True for one in found}


def _node_types(site: Site) -> dict[str, bool]:
    found = _read(site, "/api/2.1/clusters/list-node-types").get("node_types") or ()
    return {str(one.get("node_type_id")): True for one in found}


def _metastore(site: Site) -> str:
    return str(_assigned(site).get("metastore_id") or "none")


def _catalog(site: Site) -> str:
    return str(_assigned(site).get("default_catalog_name") or "none")


def _assigned(site: Site) -> dict[str, Any]:
    return _read(site, "/api/2.1/unity-catalog/current-metastore-assignment")


def _dbfs(site: Site) -> bool:
    if _disabled(site, "disable_legacy_dbfs"):
        return False
    try:
        site.read("/api/2.0/dbfs/list", {"path": "/"})
    except Denied:
        return False
    except NotFound:
        return True  # a root without a folder in it
    return True


def _hive(site: Site) -> bool:
    return not _disabled(site, "disable_legacy_access")


def _disabled(site: Site, setting: str) -> bool:
    return bool((_read(site, _SETTING.format(setting)).get(setting) or {}).get("value"))


def _read(site: Site, path: str) -> dict[str, Any]:
    """What a workspace says at a path; {} where it has nothing there, which is then compared like everything else."""
    try:
        return dict(site.read(path))
    except NotFound:
        return {}
    except Refused as error:
        if error.code in _ABSENT:
            return {}
        raise


LOOKS: Final[dict[str, Callable[[Site], Any]]] = {
    "runtimes": _runtimes,
    "node_types": _node_types,
    "metastore": _metastore,
    "default_catalog": _catalog,
    "dbfs_root": _dbfs,
    "hive_metastore": _hive,
}
