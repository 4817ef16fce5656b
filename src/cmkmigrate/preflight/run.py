"""All checks, side by side; each by itself, so that one that breaks tells of itself and of nothing else."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Final

from cmkmigrate.errors import CallError, Mistake, OperatorError, told
from cmkmigrate.preflight import checks
from cmkmigrate.preflight.ground import Ground
from cmkmigrate.preflight.model import Check, Result, Seen, Status, failed, passed, unknown

THREADS: Final = 8  # far below the 25 reads a second that Resource Manager refills


@cache
def discover() -> tuple[Check, ...]:
    """Every check, in the order of the ids."""
    names = sorted(one.name for one in pkgutil.iter_modules(checks.__path__))
    modules = [importlib.import_module(f"{checks.__name__}.{name}") for name in names]
    return tuple(sorted((one for module in modules for one in module.CHECKS), key=lambda one: str(one.id)))


def preflight(ground: Ground, accept: Mapping[str, str]) -> list[Result]:
    """Carry out every check. accept: id -> why an unknown result does not block. Raises Mistake for an unknown id."""
    known = discover()
    if strange := sorted(set(accept) - {one.id for one in known}):
        raise Mistake(f"there is no check {strange[0]!r}", subject="--accept", next=f"{known[0].id} to {known[-1].id}")
    with ThreadPoolExecutor(THREADS) as pool:
        results = list(pool.map(lambda check: _carried(check, ground), known))
    for result in results:
        if result.status is Status.UNKNOWN:
            result.accepted = accept.get(result.id, "")
    return [*results, _planned(ground)]


def _carried(check: Check, ground: Ground) -> Result:
    try:
        seen = list(check.look(ground))
    except (CallError, OperatorError) as error:
        seen = [unknown(f"could not be read: {told(error)}", advice=_next(error))]
    except Exception as error:  # an answer of a shape that nobody foresaw: the other checks still tell what they see
        seen = [unknown(f"could not be judged: {error!r}", advice="report this: it is a defect")]
    return Result(check.id, check.title, seen or [unknown("nothing was looked at", advice="report this")])


def _next(error: OperatorError | CallError) -> str:
    return error.next if isinstance(error, OperatorError) else ""


def _planned(ground: Ground) -> Result:
    """What planning the steps that provision has found, which the kinds know best."""
    seen: list[Seen] = [
        failed(f"step {step!r}: {told(why)}", advice=_next(why)) for step, why in ground.problems.items()
    ]
    seen += [failed(f"step {one.step!r}, {one.kind} {one.key}: {one.reason}") for one in ground.refused]
    return Result("PLAN", "Every step that provisions can be planned", seen or [passed("all of them")])
