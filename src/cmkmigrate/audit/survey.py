"""An audit from end to end: subscriptions, workspaces, keys, since when, and what people have decided.

Requests: for each subscription one listing of workspaces, of resource groups, of the caller's role assignments, of
vaults, of storage accounts and of access connectors (where there is a connector, of all role assignments too), each a
page at a time; for each key that any workspace names, up to three. Nothing is asked for each workspace,
but for one that is young enough for the Activity Log to tell since when its key has been on (one listing for all of a
subscription).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from cmkmigrate.audit import catalogs, encryption, population, remedy, storage
from cmkmigrate.audit.health import DAY_S, day
from cmkmigrate.audit.keys import THREADS, Holder, Key, Keys
from cmkmigrate.audit.ledgers import Noted, noted
from cmkmigrate.audit.model import DEGRADED, PASSES, UNKNOWNS, Cause, Feature, Orphan, Population, Row, Verdict
from cmkmigrate.audit.scope import Scope
from cmkmigrate.audit.since import LOG_DAYS, Evidence, Since, derive, moment
from cmkmigrate.errors import CallError
from cmkmigrate.run.ledger import Where

HORIZON_DAYS: Final = 90.0
Judged = TypeVar("Judged", Row, storage.Account)


@dataclass(slots=True)
class Audit:
    """What was looked at, and what was found. Times are Unix seconds."""

    population: list[Population] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    orphaned: list[Orphan] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    workspaces: list[Mapping[str, Any]] = field(default_factory=list)  # as ARM lists them, in the order of `rows`
    storage: list[storage.Account] = field(default_factory=list)
    storage_gaps: list[str] = field(default_factory=list)
    began: float = 0.0
    ended: float = 0.0
    caller: str = ""
    scope: str = ""
    unmatched: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def findings(self) -> int:
        """Features and storage accounts that are not under a healthy key of ours, or may not be; subscriptions that
        could not be read, or not wholly; managed groups that were left behind."""
        rows = sum(row.verdict not in PASSES for row in self.rows)
        rows += sum(one.verdict not in PASSES for one in self.storage)
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
    runs: Iterable[Where] = (),
    horizon_days: float = HORIZON_DAYS,
    databricks: str = "",
    sign_in: bool = False,
    clock: Callable[[], float] = time.time,
) -> Audit:
    """Look at every workspace of these subscriptions; of all that the caller sees, where none is named.

    `cloud` is a clients.cloud.Cloud. runs: our own runs. databricks: the object id of AzureDatabricks where
    the directory may not be read. sign_in: also sign in to each workspace, for what Unity Catalog says of storage.
    What cannot be read is in the result; a list of subscriptions that cannot be read raises CallError, none at all
    Mistake.
    """
    scope = scope or Scope()
    found = Audit(began=clock(), scope=scope.path)
    scope.check(day(found.began))
    named = population.named(cloud, subscriptions)
    caller = _once(lambda: str(cloud.subscription(named[0][0]).operator_object_id()))
    found.caller = _told(caller)
    with ThreadPoolExecutor(THREADS) as pool:
        seen = list(pool.map(lambda one: population.look(cloud, one[0], one[1], caller), named))
    found.population = [one.population for one in seen]
    found.orphaned = [orphan for one in seen for orphan in one.orphans]
    resources = [(resource, encryption.judge(resource)) for one in seen for resource in one.workspaces]
    found.workspaces = [resource for resource, _ in resources]
    ids = [id for id, _ in named]
    readable = [one.subscription for one in found.population if not one.problem]
    place = storage.look(cloud, readable, [resource for resource, _ in resources])
    if sign_in:
        catalogs.look(cloud, [resource for resource, _ in resources], place)
    accounts = place.used()
    keys = Keys(cloud, found.began, horizon_days, databricks)
    persons = [found.caller, *_identities(found.workspaces), *(_holder(place, one).principal for one in accounts)]
    keys.read([*(row for _, rows in resources for row in rows), *accounts], ids, [one for one in persons if one])
    known, unread = noted(runs)
    found.notes += [f"a ledger was not read: {one}" for one in unread]
    judge = _Judge(keys, scope, known, _Logs(cloud, found.began), place, found.began, found.caller)
    for resource, rows in resources:
        missing = [str(row.feature) for row in rows if any(cause.code == "no-key" for cause in row.causes)]
        found.rows += [_decided(judge.row(row, resource, missing), scope, day(found.began)) for row in rows]
    found.keys, found.storage_gaps = keys.all(), place.gaps
    found.storage = [judge.account(one) for one in accounts]
    found.unmatched = scope.unmatched({row.workspace.lower() for row in found.rows})
    found.ended = clock()
    return found


@dataclass(slots=True)
class _Judge:
    """Verdicts on what names a key, and the commands that mend what is wrong."""

    keys: Keys
    scope: Scope
    known: Mapping[str, Noted]
    logs: _Logs
    place: storage.Storage
    now: float
    caller: str

    def row(self, row: Row, resource: Mapping[str, Any], missing: Sequence[str]) -> Row:
        """The row of a feature, judged where it names a key. missing: the features of its workspace without one."""
        if row.verdict is not Verdict.CMK:
            return self._mended(row, remedy.Case(row, self.now, missing=missing, caller=self.caller))
        holder = self.keys.holder(row, resource)
        causes = self.keys.causes(row, holder, encryption.rotates(resource, row.feature))
        told: Since | None = None
        if row.feature is Feature.MANAGED_SERVICES:
            told = self._since(row, resource)
            if told.born is None:
                causes.append(Cause("since", told.why))
            elif not told.born:
                on = told.day or "a day not told"
                causes.append(Cause("later", f"on since {on} or later ({told.why}): older data is not encrypted anew"))
        elif row.feature is Feature.DBFS_ROOT:
            why = self.place.root_disagrees(resource, row.vault_uri, row.key_name)
            causes += [Cause("account-disagrees", why)] if why else []
        verdict = _verdict(causes)
        since, since_from = (told.day, told.why if told.day else "") if told else ("", "")
        judged = replace(row, verdict=verdict, causes=tuple(causes), since=since, since_from=since_from)
        case = remedy.Case(row, self.now, holder, self.keys.of(row), missing, self.caller)
        return self._mended(judged, case)

    def account(self, one: storage.Account) -> storage.Account:
        """The verdict on a storage account."""
        if one.verdict is not Verdict.CMK:
            return self._mended(one, remedy.Case(one, self.now, caller=self.caller))
        holder = _holder(self.place, one)
        causes = self.keys.causes(one, holder, not one.key_version)
        judged = replace(one, verdict=_verdict(causes), causes=tuple(causes))
        return self._mended(judged, remedy.Case(one, self.now, holder, self.keys.of(one), caller=self.caller))

    def _mended(self, one: Judged, case: remedy.Case) -> Judged:
        causes = tuple(replace(cause, remedy=remedy.of(cause, case)) for cause in one.causes)
        return replace(one, causes=causes, reason="; ".join(cause.text for cause in causes))

    def _since(self, row: Row, resource: Mapping[str, Any]) -> Since:
        attested, created = self.scope.attestation(row.workspace), moment(population.created(resource))
        evidence = Evidence(
            created,
            self.keys.of(row).created,
            self.known.get(row.workspace.lower()),
            None,
            attested.since.isoformat() if attested else "",
            attested.by if attested else "",
        )
        told = derive(evidence)
        return told if told.born is not None else derive(replace(evidence, events=self.logs.of(row, created)))


def _holder(place: storage.Storage, one: storage.Account) -> Holder:
    return storage.holder(place.accounts.get(one.name.lower()) or {})


def _identities(resources: Iterable[Mapping[str, Any]]) -> list[str]:
    """The object ids of the disks' and the storage's identities."""
    told = [encryption.mapping(one.get("properties")) for one in resources]
    names = ("managedDiskIdentity", "storageAccountIdentity")
    return [encryption.text(encryption.mapping(one.get(name)).get("principalId")) for one in told for name in names]


def _verdict(causes: Iterable[Cause]) -> Verdict:
    codes = {cause.code for cause in causes}
    if codes & DEGRADED.keys():
        return Verdict.DEGRADED
    if codes & UNKNOWNS.keys():
        return Verdict.UNKNOWN
    return Verdict.FUTURE_WRITES if "later" in codes else Verdict.CMK


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
            # To tomorrow: a clock here that is behind Azure's must not cut off what was written last.
            times = (oldest, self._now + DAY_S)
            begin, end = (datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for at in times)
            site = self._cloud.subscription(row.subscription)
            try:
                self._read[row.subscription] = site.activity("Microsoft.Databricks", begin, end)
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
