"""How fast each family of endpoints may be called, per host; and slower again when the service says so.

Additive increase, multiplicative decrease: a family starts at its ceiling. On a 429 it waits as long as the service
asks (120 s at most) and goes on a little under the rate that was served lately; then it climbs back slowly. The ceiling
of a target is the documented limit; of a source, which people work on, a third of it.

`CMKMIGRATE_PACE`: "off" (no ceiling; 429s still slow it down), or a number that every ceiling is multiplied by, for
source and target alike: then there is no third for the source. `CMKMIGRATE_PACE_SOURCE`: the same, for sources alone;
it wins.

The documented limits are those of the page "Resource limits" of Azure Databricks, as of 2026, except where `assumed` is
set: where the vendor publishes none, the rate is a guess on the careful side, and is marked as one wherever it is
shown.
"""

from __future__ import annotations

import math
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from cmkmigrate.errors import Mistake, Throttled

LONGEST_HOLD_S: Final = 120.0  # however much longer a Retry-After says
SAID_S: Final = 5.0  # a hold that is as long is said
_HOLD_S: Final = 1.0  # where a 429 names no time (the vendor's SDKs assume the same)
_CREDIT_S: Final = 0.1  # slots missed lately that may be taken together: the clock of a busy machine is coarse
_LATELY_S: Final = 5.0  # what "lately" means when the served rate is measured
_UNDER: Final = 0.9  # of the served rate, after a 429
_CLIMB: Final = 0.02  # of the ceiling, per second without a 429
_FLOOR: Final = 0.05  # of the ceiling, never less
_UNLIMITED_S: Final = 20.0  # calls a second that stand for the ceiling where there is none, once there was a 429


@dataclass(frozen=True, slots=True)
class Family:
    """Endpoints that share one limit. per_s: calls a second. assumed: the vendor publishes none."""

    name: str
    methods: str
    path: str
    per_s: float
    assumed: bool = False
    source: str = "resource limits"


_NONE: Final = "none published"
FAMILIES: Final = (
    Family("jobs create", "POST", r"/api/2\.\d/jobs/create", 20),
    Family("jobs run-now", "POST", r"/api/2\.\d/jobs/run-now", 20),
    Family("jobs submit", "POST", r"/api/2\.\d/jobs/runs/submit", 35),
    Family("jobs runs get", "GET", r"/api/2\.\d/jobs/runs/get", 100),
    Family("permissions read", "GET", r"/api/2\.0/permissions/.*", 100),
    Family("permissions write", "PUT|PATCH|POST", r"/api/2\.0/permissions/.*", 30),
    Family("secrets", "GET|POST", r"/api/2\.0/secrets/.*", 1100 / 60),
    Family("scim read", "GET", r"/api/2\.0/preview/scim/v2/.*", 255 / 60),
    Family("workspace export", "GET", r"/api/2\.0/workspace/export", 60),
    Family("workspace import", "POST", r"/api/2\.0/workspace/import", 30),
    Family("dbfs", "GET|POST", r"/api/2\.0/dbfs/.*", 30),
    Family("tokens", "GET|POST|PATCH|DELETE", r"/api/2\.0/token(-management)?/.*", 40),
    Family("mlflow search", "GET|POST", r"/api/2\.0/mlflow/.*/search", 7),
    Family("mlflow", "GET|POST|PATCH|DELETE", r"/api/2\.0/mlflow/.*", 120),
    Family("assignments", "PUT", r"/api/2\.0/preview/permissionassignments/.*", 5, True, "what UCX allows itself"),
    Family("scim patch", "PATCH", r"/api/2\.0/preview/scim/v2/.*", 2, True, "that of the account's SCIM"),
    Family("scim write", "POST|PUT|DELETE", r"/api/2\.0/preview/scim/v2/.*", 5, True, "that of the account's SCIM"),
)
ASSUMED_READS_S: Final = 50.0  # of a service without a published limit, calls a second
ASSUMED_WRITES_S: Final = 20.0
_PATTERNS: Final = [(re.compile(f"(?:{one.methods}) (?:{one.path})"), one) for one in FAMILIES]


_SERVICE: Final = re.compile(r"/api/\d\.\d/(?:preview/)?([^/]+)")


def family(method: str, path: str) -> Family:
    """The family of a call. Services without a published limit have two each, one for reading and one for writing."""
    verb = method.upper()
    line = f"{verb} {path}"
    for pattern, one in _PATTERNS:
        if pattern.fullmatch(line):
            return one
    service = _SERVICE.match(path)
    return _assumed(service[1] if service else "other", verb in ("GET", "HEAD"))


@cache
def _assumed(service: str, reads: bool) -> Family:
    if reads:
        return Family(f"{service} read", "GET|HEAD", "", ASSUMED_READS_S, True, _NONE)
    return Family(f"{service} write", "POST|PUT|PATCH|DELETE", "", ASSUMED_WRITES_S, True, _NONE)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a pace has seen so far: its ceiling and present rate (calls a second; inf: no ceiling), the calls that it
    let through, the 429s, and the seconds that threads waited for it."""

    host: str
    family: str
    ceiling: float
    assumed: bool
    rate: float
    calls: int
    throttled: int
    waited_s: float


class Pace:
    """The pace of one family on one host. Thread-safe; nobody sleeps while holding the lock."""

    def __init__(
        self,
        host: str,
        kin: Family,
        ceiling: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        told: Callable[[str], None] = lambda text: None,
    ) -> None:
        self._told = told
        self._host, self._kin, self._ceiling = host, kin, ceiling
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._rate = ceiling
        self._next = -math.inf  # when the next call may start
        self._climbed = clock()
        self._slowed = -math.inf  # the last turn that was given before the rate was cut
        self._held = -math.inf  # nothing starts before
        self._served: deque[float] = deque(maxlen=1024)
        self._calls = self._throttled = 0
        self._waited = 0.0

    def wait(self, longest: float = math.inf) -> float:
        """Wait for a turn; gives the moment (of the clock) at which the call starts, for `throttled`.

        A turn that was given before a 429 is given back, and another one taken after the time that the 429 asked for.
        Raises Throttled at once, and takes no turn, when it would be more than `longest` seconds away.
        """
        began = math.inf
        while True:
            with self._lock:
                now = self._clock()
                began = min(began, now)
                self._climb(now)
                start = max(now, self._next)
                if start - began > longest:
                    raise Throttled(f"no turn within {longest:.0f} s", retry_after=start - now, code="PACE")
                self._next = max(self._next, now - _CREDIT_S) + (0.0 if math.isinf(self._rate) else 1 / self._rate)
            while (left := start - self._clock()) > 0:
                self._sleep(left)
            with self._lock:
                if start >= self._held:
                    self._calls += 1
                    self._waited += start - began
                    return start

    def served(self) -> None:
        """A call was answered, well or badly, but not with a 429."""
        with self._lock:
            self._served.append(self._clock())

    def throttled(self, started: float, retry_after: float = 0.0) -> None:
        """A call that had started at `started` was answered with a 429 that asks for `retry_after` s (0: unsaid)."""
        hold = min(retry_after, LONGEST_HOLD_S) if retry_after > 0 else _HOLD_S
        if hold >= SAID_S and self._clock() + hold > self._held + SAID_S:
            self._told(f"{self._host} is too busy for {self._kin.name}: it gets none for {hold:.0f} s, as it asks")
        with self._lock:
            now = self._clock()
            self._throttled += 1
            queued = max(now, self._next)
            self._next = max(self._next, now + hold)
            self._held = max(self._held, now + hold)
            if started <= self._slowed:
                return  # it had its turn before the rate was cut: the same news again
            lately = sum(1 for at in self._served if at > now - _LATELY_S)
            served = lately / min(_LATELY_S, max(now - self._served[0], 0.5)) if self._served else 0.0
            known = _UNLIMITED_S if math.isinf(self._ceiling) else self._ceiling
            base = min(self._rate, served) if served else min(self._rate, known) / 2
            self._rate = max(base * _UNDER, known * _FLOOR)
            self._slowed = queued
            self._climbed = now + hold

    def _climb(self, now: float) -> None:
        if self._rate < self._ceiling and now > self._climbed:
            step = max(self._rate, _UNLIMITED_S) if math.isinf(self._ceiling) else self._ceiling
            self._rate = min(self._ceiling, self._rate + (now - self._climbed) * _CLIMB * step)
        self._climbed = max(now, self._climbed)

    def limit(self, ceiling: float) -> None:
        """Another ceiling from now on; a rate below it climbs there, as after a 429."""
        with self._lock:
            self._climb(self._clock())
            self._rate = min(self._rate, ceiling)
            self._ceiling = ceiling

    def seen(self) -> Seen:
        """What it has seen so far."""
        with self._lock:
            return Seen(
                self._host,
                self._kin.name,
                self._ceiling,
                self._kin.assumed,
                self._rate,
                self._calls,
                self._throttled,
                self._waited,
            )


class Paces:
    """The paces of all hosts. `factor` and `source_factor` multiply the ceilings; inf is no ceiling."""

    def __init__(
        self,
        factor: float = 1.0,
        source_factor: float = 1 / 3,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._factor, self._source_factor = factor, source_factor
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._paces: dict[tuple[str, str], Pace] = {}
        self._sources: list[tuple[Pace, float]] = []
        self.told: Callable[[str], None] = lambda text: None  # who is to hear that a service asks for a long wait

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Paces:
        """As `CMKMIGRATE_PACE` and `CMKMIGRATE_PACE_SOURCE` say. Raises Mistake for what is no number."""
        factor = _factor("CMKMIGRATE_PACE", environ)
        source = _factor("CMKMIGRATE_PACE_SOURCE", environ)
        if source is None:
            source = 1 / 3 if factor is None else factor
        return cls(1.0 if factor is None else factor, source)

    def of(self, host: str, method: str, path: str, *, source: bool = False) -> Pace:
        """The pace of a call; the same object for every call of that family on that host."""
        kin = family(method, path)
        with self._lock:
            pace = self._paces.get((host, kin.name))
            if pace is None:
                ceiling = self.ceiling(method, path, source=source)
                pace = self._paces[host, kin.name] = Pace(
                    host, kin, ceiling, self._clock, self._sleep, lambda text: self.told(text)
                )
                if source:
                    self._sources.append((pace, kin.per_s))
            return pace

    @property
    def source_factor(self) -> float:
        """What the limits of sources are multiplied by at the moment; inf for no ceiling."""
        with self._lock:
            return self._source_factor

    def share_source(self, factor: float) -> bool:
        """Multiply the limits of sources by this from now on, those of paces that are there too; whether it changes."""
        with self._lock:
            if factor == self._source_factor:
                return False
            self._source_factor = factor
            for pace, per_s in self._sources:
                pace.limit(per_s * factor)
            return True

    def ceiling(self, method: str, path: str, *, source: bool = False) -> float:
        """Calls a second that are made of this family at most; inf for no ceiling."""
        return family(method, path).per_s * (self._source_factor if source else self._factor)

    def seen(self) -> list[Seen]:
        """What all paces have seen so far, by host and family."""
        with self._lock:
            paces = list(self._paces.values())
        return sorted((one.seen() for one in paces), key=lambda seen: (seen.host, seen.family))


def _factor(variable: str, environ: Mapping[str, str]) -> float | None:
    text = environ.get(variable, "").strip().lower()
    if not text:
        return None
    if text == "off":
        return math.inf
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not 0 < factor < 10_000:
        raise Mistake(f"{variable} is {text!r}", why='it must be "off" or a number above 0')
    return factor
