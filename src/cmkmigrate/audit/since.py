"""Since when a managed-services key has been on: ARM does not say it, so it is derived, or not known.

A key that came later protects what is written from then on; existing data is not encrypted anew (the vendor's page on
keys for managed services). Whoever can show that the key was there at the workspace's creation has all of it covered.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from cmkmigrate.audit.encryption import mapping, text
from cmkmigrate.audit.health import day
from cmkmigrate.audit.ledgers import Noted

SKEW_S: Final = 300.0  # two services' clocks may differ by so much
LOG_DAYS: Final = 89.0  # the Activity Log is kept for 90 days (vendor's documentation)
WRITE: Final = "microsoft.databricks/workspaces/write"


@dataclass(frozen=True, slots=True)
class Since:
    """born: the key was there at the creation (True), came later (False), nobody knows (None). day: ISO, or "".
    why: what says so; where nobody knows, what was looked at."""

    born: bool | None
    day: str
    why: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What there is to derive it from. created, oldest_version: Unix seconds, 0.0 where not known. ledger: what a
    run of ours has noted, None for nothing. events: the Activity Log since then, None where it was not read.
    attested, by: the day that a person vouches for (ISO), and who."""

    created: float = 0.0
    oldest_version: float = 0.0
    ledger: Noted | None = None
    events: tuple[Mapping[str, Any], ...] | None = None
    attested: str = ""
    by: str = ""


def derive(one: Evidence) -> Since:
    """Our own ledger, then the Activity Log, the age of the key, and a person's word. Never raises."""
    if not one.created:
        return Since(None, "", "when the workspace was made is not told")
    born = day(one.created)
    if one.ledger and one.ledger.born:
        return Since(True, born, f"the run {one.ledger.run} made the workspace with this feature under a key")
    if one.ledger:
        on = day(one.ledger.at) if one.ledger.at else ""
        return Since(False, on, f"the run {one.ledger.run} put it under the key, the workspace is of {born}")
    later = one.oldest_version > one.created + SKEW_S
    if later:
        made = day(one.oldest_version)
        why = f"the oldest version of the key is of {made}, the workspace of {born}"
        if one.attested and one.attested <= born:
            return Since(None, "", f"{one.by} attests {one.attested}, but {why}")
        return Since(False, one.attested or made, why)
    writes = None if one.events is None else writes_of(one.events)
    if writes and abs(writes[0].at - one.created) <= 2 * SKEW_S:
        if len(writes) == 1 or writes[0].key is True:
            alone = "no other write of the workspace" if len(writes) == 1 else "the key in it"
            return Since(True, born, f"the Activity Log has the creation and {alone}")
        if writes[0].key is False:
            # One that does not say what it wrote may have been the one that put the key on.
            put_on = next((write for write in writes[1:] if write.key is not False), writes[-1])
            return Since(False, day(put_on.at), f"the Activity Log has the creation of {born} without the key")
    if one.attested:
        return Since(one.attested <= born, one.attested, f"attested by {one.by}")
    looked = "no run of ours made it, the key is older than the workspace"
    if not one.oldest_version:
        looked = "no run of ours made it, the age of the key is not known"
    log = "the Activity Log does not reach back, or could not be read"
    if writes is not None:
        log = f"the Activity Log has {len(writes)} writes of it, and not what the first of them brought"
    return Since(None, "", f"since when the key has been on is not known: {looked}, {log}, and nobody attests it")


@dataclass(frozen=True, slots=True)
class Write:
    """One write of a workspace. at: Unix seconds. key: whether what was written names a key for managed services, None
    where the log does not say what was written."""

    at: float
    key: bool | None = None


def writes_of(events: Iterable[Mapping[str, Any]]) -> list[Write]:
    """The distinct writes of one workspace, oldest first.

    Several events tell of one write, with one operation id; a correlation id is shared by all operations of one
    deployment, which may write a workspace twice (page of the event schema). So a write is an operation, and one that
    began twice is two. A write that failed counts: what it left is not told.
    """
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for event in events:
        if text(mapping(event.get("operationName")).get("value")).lower() == WRITE:
            id = text(event.get("correlationId")) or text(event.get("eventDataId"))
            groups.setdefault((id, text(event.get("operationId"))), []).append(event)
    found = []
    for group in groups.values():
        began = sorted(moment(one.get("eventTimestamp")) for one in group if _status(one) == "started")
        at = began or [min(moment(one.get("eventTimestamp")) for one in group)]
        # Which of several an answer belongs to is not told.
        key = _named(group) if len(at) == 1 else None
        found += [Write(one, key) for one in at]
    return sorted(found, key=lambda one: one.at)


def _status(event: Mapping[str, Any]) -> str:
    return text(mapping(event.get("status")).get("value")).lower()


def _named(events: Iterable[Mapping[str, Any]]) -> bool | None:
    """Whether a write named a key for managed services, by the body that it was answered with.

    Assumption: that events of workspaces bring one at all (`properties.responseBody`), as those of other providers do,
    with asterisks for what is not to be read. Where it is not there, or not legible, nothing is said.
    """
    for event in events:
        try:
            body = json.loads(text(mapping(event.get("properties")).get("responseBody")))
        except ValueError:
            continue
        properties = mapping(body).get("properties")
        if isinstance(properties, Mapping) and _status(event) != "failed":
            entities = mapping(properties).get("encryption", {})
            entities = entities.get("entities", {}) if isinstance(entities, Mapping) else None
            if isinstance(entities, Mapping):
                services = entities.get("managedServices", {})
                if isinstance(services, Mapping):
                    return bool(services.get("keyVaultProperties"))
    return None


def moment(value: Any) -> float:
    """A time as ARM writes it, in Unix seconds; 0.0 for what is none."""
    try:
        at = datetime.fromisoformat(text(value)[:19])  # ARM gives seven digits of a second, which few can read
    except ValueError:
        return 0.0
    return at.replace(tzinfo=UTC).timestamp()
