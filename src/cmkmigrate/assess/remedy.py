"""Which remedy a workspace needs, from the verdicts of its features and the named reasons. Pure; asks nobody.

In place is possible for all three features of an existing Premium workspace (recorded traffic: a PUT on it ends in
Succeeded). So a workspace is moved for a named reason alone: what cannot be had where it is. Double encryption is set
at creation (vendor's page on double encryption), a key for managed services covers future writes (vendor's page on
keys for managed services), and the network of a workspace cannot be replaced (vendor's page on VNet injection).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cmkmigrate.assess.model import Remedy, Want
from cmkmigrate.audit.encryption import mapping
from cmkmigrate.audit.model import PASSES, Feature, Row, Verdict


def decide(
    rows: Iterable[Row], resource: Mapping[str, Any], wanted: Mapping[Want, str]
) -> tuple[Remedy, tuple[str, ...]]:
    """The remedy and why. rows: the features of one workspace. wanted: reasons for moving it, each in words."""
    rows = list(rows)
    held = [text for want, text in wanted.items() if _holds(want, rows, resource)]
    if held:
        return Remedy.MIGRATE, tuple(held)
    left = [row for row in rows if row.verdict not in PASSES]
    if not left:
        accepted = [row for row in rows if row.verdict is Verdict.EXCEPTED]
        if accepted:
            return Remedy.EXCEPTION, _why(accepted)
        return Remedy.NONE, ("all three features are under a healthy key of your own",)
    if any(cause.code == "serverless" for row in left for cause in row.causes):
        return Remedy.NOT_ELIGIBLE, _why(left)
    verdicts = {row.verdict for row in left}
    if verdicts & {Verdict.PLATFORM_KEY, Verdict.NOT_ELIGIBLE, Verdict.FUTURE_WRITES}:
        remedy = Remedy.IN_PLACE
    else:
        remedy = Remedy.MEND if Verdict.DEGRADED in verdicts else Remedy.UNKNOWN
    return remedy, _why(left)


def to_switch_on(rows: Iterable[Row]) -> list[Feature]:
    """The features that have no key, and could have one; not those that a person has accepted as they are."""
    without = (Verdict.PLATFORM_KEY, Verdict.NOT_ELIGIBLE)
    return [row.feature for row in rows if row.verdict in without]


def old_data(row: Row) -> bool:
    """Whether managed services may hold data that was written before a key was on."""
    judged = row.judged or str(row.verdict)
    if judged in (Verdict.CMK, ""):
        return False
    if judged == Verdict.DEGRADED:  # the key has been on all the time, unless a cause says otherwise
        return any(cause.code in ("later", "since") for cause in row.causes)
    return True


def _why(rows: Iterable[Row]) -> tuple[str, ...]:
    """The verdicts with their reasons; features with the same are named together."""
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(f"{row.verdict}: {row.reason}", []).append(row.feature)
    return tuple(f"{', '.join(features)}: {why}" for why, features in found.items())


def _holds(want: Want, rows: Iterable[Row], resource: Mapping[str, Any]) -> bool:
    """Whether a reason is one for this workspace: what it asks for is not so already."""
    if want is Want.DOUBLE_ENCRYPTION:
        parameters = mapping(mapping(resource.get("properties")).get("parameters"))
        return mapping(parameters.get("requireInfrastructureEncryption")).get("value") is not True
    if want is Want.NO_OLD_DATA:
        return any(old_data(row) for row in rows if row.feature is Feature.MANAGED_SERVICES)
    return True
