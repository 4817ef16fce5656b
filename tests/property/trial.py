"""One case, tried: an undisturbed run, a run that everything happens to, and what an independent eye sees then.

Judges by the sandbox's dumps, its record of requests and the comparer; what a run says of itself is only compared.
"""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.comparer.compare import Difference, compare, same
from tests.property import estates, product
from tests.property.draws import Case
from tests.property.whole import Whole
from tests.property.wire import Wire

ENDED = (0, 3)
STOPPED, REFUSED = 5, 6  # where it can be resumed; where the preflight could not be answered
KILLED = -9
MOST_RESUMES = 4  # without anything that goes wrong: the first should do, a second takes up what had failed
SOURCE, CALM, HURT = range(3)
GOOD = ("excluded", "unsupported", "extra")  # findings and states that are no failure
Report = dict[str, Any]


class Wrong(AssertionError):
    """What a trial showed, each in a line."""


def check(case: Case, folder: Path, seen: Counter[str] | None = None, by: type[Wire] | type[Whole] = Wire) -> None:
    """Try a case in an empty folder. Raises Wrong. seen: counts what happened, so that a check that never bites is
    noticed. by: what carries the requests."""
    product.warm()
    trial = Trial(case, folder, by)
    try:
        found = trial.carried_out(seen if seen is not None else Counter())
    except Exception:
        found = [*trial.found, f"the trial broke: {traceback.format_exc()[-3000:]}"]
    finally:
        trial.wire.close()
    if found:
        raise Wrong("\n".join(found))


class Trial:
    """A case in its folder."""

    def __init__(self, case: Case, folder: Path, by: type[Wire] | type[Whole]) -> None:
        self.case = case
        source = estates.write(case["estate"], folder / "source")
        others = [estates.empty(folder / f"empty-{number}", number) for number in (CALM, HURT)]
        self.wire = by(folder / "wire", [source, *others])
        self.folder, self.found = folder, list[str]()

    def carried_out(self, seen: Counter[str]) -> list[str]:
        """What is wrong, in words."""
        before = self.wire.state(SOURCE)
        calm = self._run(CALM)
        if calm["code"] not in ENDED:
            return [f"undisturbed, it ended with {calm['code']}: {calm.get('error') or calm.get('said')}"]
        self.wire.settings(self.case["settings"])
        hurt = self._disturbed(seen, calm)
        self.wire.settings(dict.fromkeys(self.case["settings"], 0))
        if hurt is None:
            return self.found
        self._judge(calm, hurt, seen)
        self._verified(hurt, seen)
        self._again(hurt, seen)
        if not self.found:
            self._damaged(hurt, seen)
        if self.wire.state(SOURCE) != before:
            self.found.append("the source has changed")
        return self.found

    def _run(self, where: int, do: str = "apply", faults: Any = (), **more: Any) -> Report:
        """One process. Counts what it writes to the source."""
        params = {"source": self.wire.workspaces[SOURCE]["id"], "target": self.wire.workspaces[where]["id"]}
        order = {
            "do": do,
            "playbook": self.case["playbook"],
            "params": params,
            "run": str(self.folder / f"run-{where}"),
        }
        self.wire.forget()
        report = self.wire.run({**order, "parallelism": self.case["parallelism"], **more}, faults)
        if written := self._writes(SOURCE):
            self.found.append(f"{do} wrote to the source: {written}")
        return report

    def _writes(self, where: int) -> list[str]:
        host = self.wire.hosts[where]
        return [
            f"{one['method']} {one['path']}" for one in self.wire.requests() if one["write"] and one["host"] == host
        ]

    def _disturbed(self, seen: Counter[str], calm: Report) -> Report | None:
        """Kills and faults, then resumes in peace until the end; None where it does not end."""
        rules, report = self.case["rules"], Report()
        for death in [*self.case["deaths"], None, *[False] * MOST_RESUMES]:
            faults = [] if death is False else list(rules)
            patch = ""
            if death and "result" in death:
                patch = f"die_at_result:{death['result']}"
            elif death:
                faults = [death, *faults]
            retry = death is False and report.get("code") in ENDED
            report = self._run(HURT, faults=faults, patch=patch, retry_failed=retry)
            seen["processes"] += 1
            seen["faults"] += sum(one["fault"] is not None for one in self.wire.requests())
            seen["deaths"] += report["code"] == KILLED
            if report["code"] == KILLED and death:
                continue
            if report["code"] not in (*ENDED, STOPPED) and not (report["code"] == REFUSED and faults):
                self.found.append(f"it ended with {report['code']}: {report.get('error') or report.get('said')}")
                return None
            if report["code"] in ENDED and "problems" in report and _problems(report) == _problems(calm):
                return report
        if "problems" in report:
            return report  # its problems are others, which `_judge` says
        self.found.append(f"it does not end: {report}")
        return None

    def _judge(self, calm: Report, hurt: Report, seen: Counter[str]) -> None:
        source, reference, there = (self.wire.state(one) for one in (SOURCE, CALM, HURT))
        operator = self.wire.operator
        self.found += [f"not as undisturbed: {one}" for one in same(reference, there, source, operator=operator)]
        if self._whole():
            different = self._compared(hurt, source, there)
            self.found += [f"not as the source: {one}" for one in different]
            seen["compared with the source"] += 1
        if _problems(calm) != _problems(hurt):
            odd = set(_problems(calm).items()) ^ set(_problems(hurt).items())
            self.found.append(f"other problems than undisturbed: {sorted(odd)}")
        self.found += [f"no reason: {kind} {key}" for kind, key, _, reason in hurt["problems"] if not reason]
        if calm["counts"] != hurt["counts"]:
            self.found.append(f"other counts than undisturbed: {calm['counts']} -> {hurt['counts']}")
        for kind, count in hurt["counts"].items():
            if sum(count.values()) != 2 * count["source"]:
                self.found.append(f"the counts of {kind} do not add up: {count}")
        seen["objects"] += sum(one["source"] for one in hurt["counts"].values())
        seen["problems"] += len(hurt["problems"])

    def _verified(self, hurt: Report, seen: Counter[str]) -> None:
        said = self._run(HURT, "verify")
        if "findings" not in said:
            self.found.append(f"verify ended with {said['code']}: {said.get('error') or said.get('said')}")
            return
        found, failed = {(kind, key) for kind, key, what, _ in said["findings"] if what not in GOOD}, _failed(hurt)
        if found != failed:
            rows = [one for one in said["findings"] if (one[0], one[1]) in found ^ failed]
            self.found.append(f"verify and the run differ: {sorted(found ^ failed)}: {rows}")
        seen["verified"] += 1

    def _again(self, hurt: Report, seen: Counter[str]) -> None:
        report = self._run(HURT, again=True)
        if report["code"] not in ENDED or "problems" not in report:
            self.found.append(
                f"a second apply ended with {report['code']}: {report.get('error') or report.get('said')}"
            )
        elif not _tried_again(hurt) and (written := self._writes(HURT)):
            self.found.append(f"a second apply wrote: {written}")
        elif _problems(report) != _problems(hurt):
            odd = set(_problems(report).items()) ^ set(_problems(hurt).items())
            self.found.append(f"a second apply has other problems: {sorted(odd)}")
        seen["applied twice"] += 1

    def _damaged(self, hurt: Report, seen: Counter[str]) -> None:
        """Verify is never more optimistic than the comparer: it sees a change behind its back that that one sees."""
        if not self._whole() or not (what := self.wire.damage(HURT, self.case["damage"])):
            return
        source, there = self.wire.state(SOURCE), self.wire.state(HURT)
        if not (different := self._compared(hurt, source, there)):
            return
        seen["damaged"] += 1
        said = self._run(HURT, "verify")
        found = {(kind, key) for kind, key, how, _ in said.get("findings", ()) if how not in GOOD}
        if found <= _failed(hurt):
            self.found.append(f"verify does not see that {what}: {different[0]}, but {said}")
        elif not _tried_again(hurt):
            self._next(hurt, what, there, seen)

    def _next(self, hurt: Report, what: str, there: dict[str, Any], seen: Counter[str]) -> None:
        """What somebody did in the target is reported and left alone, or put right where that is asked for."""
        overwrite = bool(self.case.get("overwrite"))
        report = self._run(HURT, again=True, overwrite=overwrite)
        seen["overwritten" if overwrite else "left alone"] += 1
        if report["code"] not in ENDED or "problems" not in report:
            said = report.get("error") or report.get("said")
            self.found.append(f"{what}: the next apply ended with {report['code']}: {said}")
        elif not overwrite:
            if written := self._writes(HURT):
                self.found.append(f"{what}: the next apply wrote: {written}")
            if self.wire.state(HURT) != there or _problems(report) == _problems(hurt):
                self.found.append(f"{what}: not reported and left alone: {report}")
        else:
            different = self._compared(hurt, self.wire.state(SOURCE), self.wire.state(HURT))
            self.found += [f"{what}: not put right: {one}" for one in different]
            if _problems(report) != _problems(hurt):
                odd = set(_problems(report).items()) ^ set(_problems(hurt).items())
                self.found.append(f"{what}: put right with other problems: {sorted(odd)}")
            self._run(HURT, again=True)
            if written := self._writes(HURT):
                self.found.append(f"{what}: once put right, the next apply wrote: {written}")

    def _compared(self, hurt: Report, source: dict[str, Any], there: dict[str, Any]) -> list[Difference]:
        left_out = [(kind, key) for kind, key, _, _ in hurt["problems"]]
        left_out += list(_parts(left_out, source))
        exports = self.wire.exports(SOURCE, HURT)
        return compare(source, there, left_out=left_out, operator=self.wire.operator, exports=exports)

    def _whole(self) -> bool:
        steps = yaml.safe_load(self.case["playbook"])["steps"]
        return any(one.get("kinds") == "all" for one in steps)


def _parts(left_out: list[tuple[str, str]], source: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What is a part of these: an ACL, and what is in a scope. A run does not look into what is left out."""
    for kind, key in left_out:
        yield "permissions", f"{kind}:{key}"
        if kind == "clusters":
            yield "cluster_libraries", key
        if kind == "secret_scopes" and key in source["secret_scopes"]:
            yield "secret_acls", key
            yield from (("secrets", f"{key}/{name}") for name in source["secret_scopes"][key]["secrets"])


def _tried_again(report: Report) -> bool:
    """Whether another pass has something to write again: what the service refused."""
    return any(state == "failed" for _, _, state, _ in report["problems"])


def _failed(report: Report) -> set[tuple[str, str]]:
    return {(kind, key) for kind, key, state, _ in report["problems"] if state not in GOOD}


def _problems(report: Report) -> dict[tuple[str, str], tuple[str, str]]:
    return {(kind, key): (state, reason) for kind, key, state, reason in report["problems"]}
