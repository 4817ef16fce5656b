"""Which storage accounts Unity Catalog keeps data in: external locations, the metastore's root, catalogs' roots.

For this, and nothing else of an audit, somebody signs in to the workspaces, so it is done only where it was asked for.
A workspace is opened by its address and not by its ARM id: with that id an Owner or Contributor who is no member
becomes an administrator of it (the vendor's page on signing in as a service principal), and an audit changes nothing.
Who is no member is refused instead.

Contract: /api/2.1/unity-catalog external-locations, metastore_summary and catalogs (databricks-sdk). They list what the
caller may browse, and not a word of the rest; managed locations of catalogs and schemas lie within external locations
or the metastore's root (the vendor's page on managed storage), so that these say all that an administrator can see.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from cmkmigrate.audit.encryption import mapping, text
from cmkmigrate.audit.keys import THREADS
from cmkmigrate.audit.storage import Storage, Use
from cmkmigrate.errors import CallError, NotFound, OperatorError, Unknown

API: Final = "/api/2.1/unity-catalog"
PATH: Final = re.compile(r"(?:abfss?|wasbs?|adls?)://[^@/]*@([a-z0-9]{3,24})\.", re.IGNORECASE)
LISTS: Final = (
    ("external-locations", "external_locations", "url", "external-location"),
    ("catalogs", "catalogs", "storage_root", "catalog"),
)


def look(cloud: Any, workspaces: Iterable[Mapping[str, Any]], found: Storage) -> None:
    """Sign in to each workspace that has an address and note which accounts it uses; what cannot be read goes to
    `found.gaps`."""
    with ThreadPoolExecutor(THREADS) as pool:
        for uses, gaps in pool.map(lambda one: _of(cloud, one), workspaces):
            found.gaps += gaps
            for url, use in uses:
                account = PATH.match(url)
                if account is not None:
                    found.use(account[1], use)
                else:
                    gap = f"{use.how} {use.name} of {use.workspace}: {url or 'its address'} is no Azure storage account"
                    found.gaps.append(gap)


def _of(cloud: Any, resource: Mapping[str, Any]) -> tuple[list[tuple[str, Use]], list[str]]:
    """What one workspace says: addresses with their use, and what could not be read."""
    id, host = text(resource.get("id")), text(mapping(resource.get("properties")).get("workspaceUrl"))
    if not host:
        return [], [f"Unity Catalog of {id} was not read: the workspace has no address"]
    uses: list[tuple[str, Use]] = []
    gaps: list[str] = []
    try:
        site = cloud.workspace(f"https://{host}", source=True)
    except OperatorError as error:
        return [], [f"Unity Catalog of {id} was not read: {error}"]
    try:
        summary = site.read(f"{API}/metastore_summary")
    except NotFound:
        return [], []  # no metastore: nothing of the workspace is in Unity Catalog
    except CallError as error:
        gaps.append(f"the metastore of {id} was not read: {error}")
    else:
        if text(summary.get("storage_root")):
            uses.append((text(summary["storage_root"]), Use("metastore", text(summary.get("name")), id)))
    for path, key, field, how in LISTS:
        try:
            for one in _all(site, path, key):
                if text(one.get(field)):
                    uses.append((text(one[field]), Use(how, text(one.get("name")), id)))
        except CallError as error:
            gaps.append(f"the {path} of {id} were not read: {error}")
    return uses, gaps


def _all(site: Any, path: str, key: str) -> list[Mapping[str, Any]]:
    """Every page of a listing; a page may be empty and have a next one (documented for these lists)."""
    found: list[Mapping[str, Any]] = []
    token, seen = "", set[str]()
    while True:
        page = site.read(f"{API}/{path}", {"page_token": token} if token else None)
        found += [mapping(one) for one in page.get(key) or ()]
        token = text(page.get("next_page_token"))
        if not token:
            return found
        if token in seen:
            raise Unknown("the pages of a listing go in a circle")
        seen.add(token)
