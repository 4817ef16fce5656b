"""An audit from end to end: subscriptions, workspaces, keys, since when, and what people have decided.

Requests: for each subscription one listing of workspaces, of resource groups, of the caller's role assignments and of
vaults, each a page at a time; for each key that any workspace names, up to three. Nothing is asked for each workspace,
but for one that is young enough for the Activity Log to tell since when its key has been on (one listing for all of a
subscription).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cmkmigrate.audit import encryption, population
from cmkmigrate.audit.health import DAY_S, day
from cmkmigrate.audit.keys import THREADS, Key, Keys
from cmkmigrate.audit.ledgers import Noted, noted
from cmkmigrate.audit.model import DEGRADED, PASSES, UNKNOWNS, Cause, Feature, Orphan, Population, Row, Verdict
from cmkmigrate.audit.scope import Scope
from cmkmigrate.audit.since import LOG_DAYS, Evidence, derive, moment
from cmkmigrate.errors import CallError

HORIZON_DAYS: Final = 90.0


@dataclass(slots=True)
class Audit:
    """What was looked at, and what was found. Times are Unix seconds."""

    population: list[Population] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    orphaned: list[Orphan] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    workspaces: list[Mapping[str, Any]] = field(default_factory=list)  # as ARM lists them, in the order of `rows`
    began: float = 0.0
    ended: float = 0.0
    caller: str = ""
    scope: str = ""
    unmatched: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def findings(self) -> int:
        """Features that are not under a healthy key of ours, or may not be; subscriptions that could not be read, or
        not wholly; managed groups that were left behind."""
        rows = sum(row.verdict not in PASSES for row in self.rows)
        return rows + sum(bool(one.problem or one.cut) for one in self.population) + len(self.orphaned)

    def counts(self) -> dict[str, int]:
        """How many features have each verdict."""
        found = Counter(row.verdict for row in self.rows)
        return {str(verdict): found[verdict] for verdict in Verdict}


def audit(
    cloud: Any,
    subscriptions: Iterable[str] = (),
    *,
    scope: Scope | None = None,
    runs: Iterable[Path] = (),
    horizon_days: float = HORIZON_DAYS,
    databricks: str = "",
    clock: Callable[[], float] = time.time,
) -> Audit:
    """Look at every workspace of these subscriptions; of all that the caller sees, where none is named.

    `cloud` is a clients.cloud.Cloud. runs: folders of our own runs. databricks: the object id of AzureDatabricks where
    the directory may not be read. What cannot be read is in the result; a list of subscriptions that cannot be read
    raises CallError, none at all Mistake.
    """
    scope = scope or Scope()
    found = Audit(began=clock(), scope=scope.path)
    named = population.named(cloud, subscriptions)
    caller = _once(lambda: str(cloud.subscription(named[0][0]).operator_object_id()))
    found.caller = _told(caller)
    with ThreadPoolExecutor(THREADS) as pool:
        seen = list(pool.map(lambda one: population.look(cloud, one[0], one[1], caller), named))
    found.population = [one.population for one in seen]
    found.orphaned = [orphan for one in seen for orphan in one.orphans]
    resources = [(resource, encryption.judge(resource)) for one in seen for resource in one.workspaces]
    found.workspaces = [resource for resource, _ in resources]
    keys = Keys(cloud, found.began, horizon_days, databricks)
    keys.read([row for _, rows in resources for row in rows], [id for id, _ in named])
    known, unread = noted(runs)
    found.notes += [f"a ledger was not read: {one}" for one in unread]
    logs = _Logs(cloud, found.began)
    for resource, rows in resources:
        for row in rows:
            judged = row
            if row.verdict is Verdict.CMK:
                judged = _judge(row, resource, keys, scope, known, logs)
            found.rows.append(_decided(judged, scope, day(found.began)))
    found.keys = keys.all()
    found.unmatched = scope.unmatched({row.workspace.lower() for row in found.rows})
    found.ended = clock()
    return found


def _judge(
    row: Row, resource: Mapping[str, Any], keys: Keys, scope: Scope, known: Mapping[str, Noted], logs: _Logs
) -> Row:
    """The verdict on a feature that names a key."""
    causes = keys.causes(row, resource, encryption.rotates(resource, row.feature))
    since, since_from, later = "", "", False
    if row.feature is Feature.MANAGED_SERVICES:
        attested, created = scope.attestation(row.workspace), moment(population.created(resource))
        evidence = Evidence(
            created,
            keys.of(row).created,
            known.get(row.workspace.lower()),
            None,
            attested.since.isoformat() if attested else "",
            attested.by if attested else "",
        )
        told = derive(evidence)
        if told.born is None:
            told = derive(replace(evidence, events=logs.of(row, created)))
        since, since_from, later = told.day, told.why if told.day else "", told.born is False
        if told.born is None:
            causes.append(Cause("since", told.why))
        elif later:
            day_on = told.day or "a day not told"
            text = f"on since {day_on} or later ({told.why}): what was written before is not encrypted anew"
            causes.append(Cause("later", text))
    codes = {cause.code for cause in causes}
    if codes & DEGRADED.keys():
        verdict = Verdict.DEGRADED
    elif codes & UNKNOWNS.keys():
        verdict = Verdict.UNKNOWN
    else:
        verdict = Verdict.FUTURE_WRITES if later else Verdict.CMK
    reason = "; ".join(cause.text for cause in causes)
    return replace(row, verdict=verdict, causes=tuple(causes), reason=reason, since=since, since_from=since_from)


def _decided(row: Row, scope: Scope, today: str) -> Row:
    """The row after what people have decided: a finding that is excepted, or whose exception has ended."""
    accepted = scope.exception(row.workspace, row.feature)
    judged = replace(row, judged=str(row.verdict))
    if accepted is None or row.verdict is Verdict.CMK:
        return judged
    ends = accepted.expires.isoformat()
    judged = replace(judged, owner=accepted.owner, expires=ends)
    if ends < today:
        ended = f"the exception of {accepted.owner} ended on {ends}"
        return replace(judged, note="; ".join(part for part in (row.note, ended) if part))
    text = f"accepted by {accepted.owner} until {ends}: {accepted.reason}"
    causes = (Cause("exception", text), *row.causes)
    return replace(judged, verdict=Verdict.EXCEPTED, causes=causes, reason="; ".join(one.text for one in causes))


class _Logs:
    """The Activity Log, read once for a subscription, and only where a workspace is young enough for it."""

    def __init__(self, cloud: Any, now: float) -> None:
        self._cloud, self._now = cloud, now
        self._read: dict[str, list[dict[str, Any]] | None] = {}

    def of(self, row: Row, created: float) -> tuple[Mapping[str, Any], ...] | None:
        """The events of a workspace; None where they do not reach back to its creation, or may not be read."""
        oldest = self._now - LOG_DAYS * DAY_S
        if created < oldest:
            return None
        if row.subscription not in self._read:
            since = datetime.fromtimestamp(oldest, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            try:
                self._read[row.subscription] = self._cloud.subscription(row.subscription).activity(
                    "Microsoft.Databricks", since
                )
            except CallError:
                self._read[row.subscription] = None
        events, id = self._read[row.subscription], row.workspace.lower()
        if events is None:
            return None
        return tuple(one for one in events if str(one.get("resourceId") or "").lower() == id)


def _once(find: Callable[[], str]) -> Callable[[], str]:
    """`find`, asked once; what it raises it raises again."""
    kept: list[str] = []

    def ask() -> str:
        if not kept:
            kept.append(find())
        return kept[0]

    return ask


def _told(caller: Callable[[], str]) -> str:
    try:
        return caller()
    except CallError:
        return ""
