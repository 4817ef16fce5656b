"""An assessment from end to end: one audit, then the locks of each subscription, and the rights that a remedy takes.

Requests besides those of the audit: for each subscription one listing of locks, one of the caller's permissions and one
of his role assignments, and one more for each group, workspace or vault in which he has a role of his own. Only where
contents are counted are workspaces opened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Final

from cmkmigrate.assess import blockers, contents, owners, remedy, steps
from cmkmigrate.assess.model import Assessed, Remedy, Sign, Size
from cmkmigrate.assess.rights import Permissions, needed
from cmkmigrate.assess.wants import Wants
from cmkmigrate.audit import health
from cmkmigrate.audit.encryption import text
from cmkmigrate.audit.keys import THREADS, Key
from cmkmigrate.audit.model import DEGRADED, Row, Verdict
from cmkmigrate.audit.scope import Scope
from cmkmigrate.audit.survey import HORIZON_DAYS, Audit, audit
from cmkmigrate.errors import CallError
from cmkmigrate.run.ledger import Where

LOCKS: Final = "2020-05-01"  # api-version of Microsoft.Authorization/locks
OPENED: Final = 4  # workspaces that are listed at once; each walks its tree with some threads of its own


@dataclass(slots=True)
class Assessment:
    """The audit that it rests on, and one entry for each workspace. contents: whether contents were to be counted."""

    audit: Audit
    workspaces: list[Assessed] = field(default_factory=list)
    contents: bool = False
    wanted: tuple[str, ...] = ()
    unmatched: list[str] = field(default_factory=list)

    @property
    def needing(self) -> int:
        """Workspaces that need something, and subscriptions that could not be read, or not wholly."""
        unread = sum(bool(one.problem or one.cut) for one in self.audit.population)
        return sum(one.needs for one in self.workspaces) + unread

    def counts(self) -> dict[str, int]:
        """How many workspaces need each remedy."""
        found = Counter(one.remedy for one in self.workspaces)
        return {str(one): found[one] for one in Remedy}


def assess(
    cloud: Any,
    subscriptions: Iterable[str] = (),
    *,
    wants: Wants | None = None,
    scope: Scope | None = None,
    runs: Iterable[Where] = (),
    horizon_days: float = HORIZON_DAYS,
    databricks: str = "",
    count: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> Assessment:
    """Assess every workspace of these subscriptions; of all that the caller sees, where none is named.

    `cloud` is a clients.cloud.Cloud. wants: the named reasons for migrations. count: whether to count contents. tell:
    takes the name of a workspace whose contents are about to be counted. Raises what `audit.survey.audit` raises.
    """
    wants = wants or Wants()
    known = audit(cloud, subscriptions, scope=scope, runs=runs, horizon_days=horizon_days, databricks=databricks)
    found = Assessment(known, contents=count, wanted=tuple(wants.everywhere))
    rows: dict[str, list[Row]] = {}
    for row in known.rows:
        rows.setdefault(row.workspace.lower(), []).append(row)
    keys = {(key.uri, key.name): key for key in known.keys}
    permissions = Permissions(cloud, known.caller)
    with ThreadPoolExecutor(THREADS) as pool:
        read = [one.subscription for one in known.population if not one.problem]
        locks = dict(zip(read, pool.map(lambda id: _locks(cloud, id), read), strict=True))

        def one(resource: Mapping[str, Any]) -> Assessed:
            mine = rows[text(resource.get("id")).lower()]
            held = locks.get(mine[0].subscription, "the subscription could not be read")
            return _assess(mine, resource, wants, keys, held, permissions)

        found.workspaces = list(pool.map(one, known.workspaces))
    if count:
        _count(cloud, found, known.workspaces, tell)
    found.unmatched = wants.unmatched(set(rows))
    return found


def _assess(
    rows: list[Row],
    resource: Mapping[str, Any],
    wants: Wants,
    keys: Mapping[tuple[str, str], Key],
    locks: list[dict[str, Any]] | str,
    permissions: Permissions,
) -> Assessed:
    wanted = wants.of(rows[0].workspace)
    which, reasons = remedy.decide(rows, resource, wanted)
    used = sorted(
        (key.vault for key in keys.values() if key.vault), key=health.is_hsm
    )  # an HSM where there is no vault
    plan = steps.steps(rows, resource, which, wanted, keys, used)
    mended = _mended(rows, keys) if which is not Remedy.MIGRATE else {}
    vault = steps.own_vault(rows, keys) or steps.vault_for(resource, used)
    if which is Remedy.MEND:
        vault = next(iter(mended.values()), None)
    ids = [text(one.get("id")) for one in mended.values()]
    return Assessed(
        subscription=rows[0].subscription,
        workspace=rows[0].workspace,
        name=rows[0].name,
        location=rows[0].location,
        sku=rows[0].sku,
        features={str(row.feature): str(row.verdict) for row in rows},
        remedy=which,
        reasons=reasons,
        steps=plan,
        blockers=blockers.blockers(resource, which, remedy.to_switch_on(rows), locks, ids),
        rights=permissions.judge(*needed(resource, which, plan, mended, vault)),
        owners=tuple(owners.of_resource(resource)),
    )


def _mended(rows: Iterable[Row], keys: Mapping[tuple[str, str], Key]) -> dict[str, Mapping[str, Any]]:
    """Cause of a degraded key -> the vault that it is mended in."""
    found: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        key = keys.get((row.vault_uri, row.key_name))
        if row.verdict is Verdict.DEGRADED and key and key.vault:
            found |= {cause.code: key.vault for cause in row.causes if cause.code in DEGRADED}
    return found


def _locks(cloud: Any, subscription: str) -> list[dict[str, Any]] | str:
    """Every lock of a subscription and of what is in it (one listing), or why they could not be read."""
    path = f"/subscriptions/{subscription}/providers/Microsoft.Authorization/locks"
    try:
        return list(cloud.subscription(subscription).listing(path, LOCKS))
    except CallError as error:
        return str(error)


def _count(cloud: Any, found: Assessment, resources: list[Mapping[str, Any]], tell: Callable[[str], None]) -> None:
    """Put the sizes into the workspaces, a few at a time."""

    def one(pair: tuple[Assessed, Mapping[str, Any]]) -> tuple[Size, list[Sign]]:
        tell(pair[0].name)
        return contents.count(cloud, pair[1])

    with ThreadPoolExecutor(OPENED) as pool:
        sizes = list(pool.map(one, zip(found.workspaces, resources, strict=True)))
    found.workspaces = [
        replace(known, size=size, owners=(*known.owners, *signs))
        for known, (size, signs) in zip(found.workspaces, sizes, strict=True)
    ]
