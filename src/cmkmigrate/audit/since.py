"""Since when a managed-services key has been on: ARM does not say it, so it is derived, or not known.

A key that came later protects what is written from then on; existing data is not encrypted anew (the vendor's page on
keys for managed services). Whoever can show that the key was there at the workspace's creation has all of it covered.
"""

from __future__ import annotations

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
    writes = None if one.events is None else _writes(one.events)
    if writes is not None and len(writes) == 1 and abs(writes[0] - one.created) <= 2 * SKEW_S:
        return Since(True, born, "the Activity Log has the creation and no other write of the workspace")
    if one.attested:
        return Since(one.attested <= born, one.attested, f"attested by {one.by}")
    looked = "no run of ours made it, the key is older than the workspace"
    if not one.oldest_version:
        looked = "no run of ours made it, the age of the key is not known"
    log = "the Activity Log does not reach back, or could not be read"
    if writes is not None:
        log = f"the Activity Log has {len(writes)} writes of it and does not say what they changed"
    return Since(None, "", f"since when the key has been on is not known: {looked}, {log}, and nobody attests it")


def _writes(events: Iterable[Mapping[str, Any]]) -> list[float]:
    """The times of distinct writes of one workspace, oldest first. Several events tell of one write, with one
    correlation id (specification: EventData)."""
    first: dict[str, float] = {}
    for event in events:
        if text(mapping(event.get("operationName")).get("value")).lower() == WRITE:
            at = moment(event.get("eventTimestamp"))
            id = text(event.get("correlationId")) or text(event.get("eventDataId"))
            first[id] = min(at, first.get(id, at))
    return sorted(first.values())


def moment(value: Any) -> float:
    """A time as ARM writes it, in Unix seconds; 0.0 for what is none."""
    try:
        at = datetime.fromisoformat(text(value)[:19])  # ARM gives seven digits of a second, which few can read
    except ValueError:
        return 0.0
    return at.replace(tzinfo=UTC).timestamp()
