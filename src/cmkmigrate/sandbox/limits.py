"""Rate limits: a token bucket per (host, endpoint family), as the real services have them.

Sources of the documented rates: the resource-limits page of Azure Databricks, the limits of Azure Resource Manager
(per subscription and principal) and of Key Vault. Families of which no limit is published get an assumed one, marked
as such in `/_sandbox/limits`; an assumption is a floor for measuring, never a promise.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any

from cmkmigrate.sandbox.wire import Response, Route, azure_error, databricks_error


@dataclass(frozen=True, slots=True)
class Limit:
    """`rate` per second, up to `burst` at once (default: one second's worth)."""

    family: str
    rate: float
    documented: bool = True
    burst: float = 0.0


# (host class, method, pattern of the route) -> limit; the first that matches counts.
TABLE: tuple[tuple[str, str, str, Limit], ...] = (
    ("arm", "GET|HEAD", ".*", Limit("arm-reads", 25, burst=250)),
    ("arm", "DELETE", ".*", Limit("arm-deletes", 10, burst=200)),
    ("arm", ".*", ".*", Limit("arm-writes", 10, burst=200)),
    ("vault", "POST", "/keys/{name}/create", Limit("vault-key-creation", 1, burst=10)),
    ("vault", ".*", ".*", Limit("vault", 200, documented=False)),
    ("hsm", ".*", ".*", Limit("hsm", 100, documented=False)),
    ("graph", ".*", ".*", Limit("graph", 50, documented=False)),
    ("login", ".*", ".*", Limit("login", 100, documented=False)),
    ("databricks", "POST", r"/api/2\.[0-9]/jobs/create", Limit("jobs-create", 20)),
    ("databricks", "POST", r"/api/2\.[0-9]/jobs/run-now", Limit("jobs-run-now", 20)),
    ("databricks", "POST", r"/api/2\.[0-9]/jobs/runs/submit", Limit("jobs-runs-submit", 35)),
    ("databricks", "GET", r"/api/2\.[0-9]/jobs/runs/get", Limit("jobs-runs-get", 100)),
    ("databricks", "GET", r"/api/2\.0/(preview/)?permissions/.*", Limit("permissions-read", 100)),
    ("databricks", "PUT|PATCH", r"/api/2\.0/(preview/)?permissions/.*", Limit("permissions-write", 30)),
    ("databricks", ".*", r"/api/2\.0/secrets/.*", Limit("secrets", 1100 / 60)),
    ("databricks", "GET", r"/api/2\.0/preview/scim/v2/.*", Limit("scim-read", 255 / 60)),
    ("databricks", "PUT", r"/api/2\.0/preview/permissionassignments/.*", Limit("assignments", 5, documented=False)),
    ("databricks", "PATCH", r"/api/2\.0/preview/scim/v2/.*", Limit("scim-patch", 2, documented=False)),
    ("databricks", ".*", r"/api/2\.0/preview/scim/v2/.*", Limit("scim-write", 5, documented=False)),
    ("databricks", "GET", r"/api/2\.0/workspace/export", Limit("workspace-export", 60)),
    ("databricks", "POST", r"/api/2\.0/workspace/import", Limit("workspace-import", 30)),
    ("databricks", ".*", r"/api/2\.0/dbfs/.*", Limit("dbfs", 30)),
    ("databricks", ".*", r"/api/2\.0/token(-management)?/.*", Limit("tokens", 40)),
    ("databricks", ".*", r"/api/2\.0/mlflow/.*/search", Limit("mlflow-search", 7)),
    ("databricks", ".*", r"/api/2\.0/mlflow/.*", Limit("mlflow", 120)),
)
RETRY_AFTER = ("alternate", "always", "never", "date", "absurd")
ASSUMED_READ, ASSUMED_WRITE = 50.0, 20.0  # per second, of a Databricks family without a published limit


def _service(route: Route) -> str:
    """The service of a Databricks route: the word after the version."""
    found = re.match(r"/api/\d\.\d/(?:preview/)?([^/{]+)", route.pattern)
    return found[1] if found else "other"


class Bucket:
    __slots__ = ("burst", "left", "rate", "when")

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self.rate, self.burst, self.left, self.when = rate, burst, burst, now

    def take(self, now: float) -> float:
        """0.0 when one was taken, else the seconds until there will be one."""
        self.left = min(self.burst, self.left + (now - self.when) * self.rate)
        self.when = now
        if self.left >= 1.0:
            self.left -= 1.0
            return 0.0
        return (1.0 - self.left) / self.rate


class Limits:
    """`mode` is "off", "documented", or "xN" (N times the documented and assumed rates).

    `retry_after` says whether a refusal names the time to wait: "always" (in seconds), "never", "alternate" (every
    second one, since the real service does not do so reliably), "date" (as HTTP allows), or "absurd" (a year).
    """

    def __init__(
        self, mode: str = "off", now: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time
    ) -> None:
        self._now, self._wall = now, wall
        self.retry_after = "alternate"
        self._refused = 0
        self._limits: dict[int, Limit] = {}
        self.buckets: dict[tuple[str, str], Bucket] = {}
        self.used: dict[str, Limit] = {}
        self.put(mode)

    def put(self, mode: str, retry_after: str | None = None) -> None:
        """Change the mode; the buckets are full again. Raises ValueError."""
        factor = 0.0
        if mode == "documented":
            factor = 1.0
        elif mode != "off":
            found = re.fullmatch(r"x(\d+(?:\.\d+)?)", mode)
            if found is None or float(found[1]) <= 0:
                raise ValueError(f"limits are off, documented or xN, not {mode!r}")
            factor = float(found[1])
        if retry_after is not None:
            if retry_after not in RETRY_AFTER:
                raise ValueError(f"retry_after is {', '.join(RETRY_AFTER)}, not {retry_after!r}")
            self.retry_after = retry_after
        self.mode, self.factor = mode, factor
        self.buckets.clear()

    def limit_of(self, kind: str, route: Route) -> Limit:
        """The limit of a route."""
        known = self._limits.get(id(route))
        if known is None:
            known = self._look_up(kind, route)
            self._limits[id(route)] = known
            self.used[known.family] = known
        return known

    @staticmethod
    def _look_up(kind: str, route: Route) -> Limit:
        for host_class, method, pattern, limit in TABLE:
            if host_class == kind and re.fullmatch(method, route.method):
                wanted = pattern if pattern.startswith("/api") or pattern == ".*" else re.escape(pattern)
                if re.fullmatch(wanted, route.pattern):
                    return limit
        rate = ASSUMED_WRITE if route.writes else ASSUMED_READ
        return Limit(f"{route.family or _service(route)}-{'write' if route.writes else 'read'}", rate, documented=False)

    def check(self, kind: str, host: str, route: Route) -> Response | None:
        """The refusal of a request that comes too soon; None when it may pass."""
        if not self.factor:
            return None
        limit = self.limit_of(kind, route)
        now = self._now()
        bucket = self.buckets.get((host, limit.family))
        if bucket is None:
            rate = limit.rate * self.factor
            burst = (limit.burst * self.factor) or max(1.0, rate)
            bucket = self.buckets[host, limit.family] = Bucket(rate, burst, now)
        wait = bucket.take(now)
        return self._refusal(kind, limit, wait) if wait else None

    def _refusal(self, kind: str, limit: Limit, wait: float) -> Response:
        self._refused += 1
        seconds = max(1, math.ceil(wait))
        said = {
            "always": str(seconds),
            "alternate": str(seconds) if self._refused % 2 == 0 else "",
            "date": formatdate(self._wall() + seconds, usegmt=True),
            "absurd": "31536000",
        }.get(self.retry_after, "")
        headers = {"retry-after": said} if said else {}
        if kind == "databricks":
            text = f"Current request has to be retried under rate limits ({limit.family})"
            return databricks_error(429, "REQUEST_LIMIT_EXCEEDED", text, headers)
        # Assumption: the code of ARM. Key Vault's is documented as Throttled.
        code = "Throttled" if kind == "vault" else "TooManyRequests"
        return azure_error(429, code, "The request limit was exceeded. Retry later.", headers=headers)

    def as_json(self) -> dict[str, Any]:
        limits = {**{row[3].family: row[3] for row in TABLE}, **self.used}
        return {
            "mode": self.mode,
            "retry_after": self.retry_after,
            "refused": self._refused,
            "families": {
                name: {
                    "per_second": round(limit.rate, 3),
                    "burst": limit.burst or max(1.0, limit.rate),
                    "source": "documented" if limit.documented else "assumed",
                }
                for name, limit in sorted(limits.items())
            },
            "assumed": {"reads_per_second": ASSUMED_READ, "writes_per_second": ASSUMED_WRITE},
        }
