"""A plan that was saved and reviewed: what it was made from, what it will do, and a digest over all of it.

`check` refuses a plan whose ground has moved. There is no secret in it: actions have names and reasons, no bodies.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cmkmigrate import __version__
from cmkmigrate.engine.migration import Migration
from cmkmigrate.engine.preview import Preview
from cmkmigrate.errors import Fatal
from cmkmigrate.portable import canonical
from cmkmigrate.run.files import write_whole

FORMAT = "cmkmigrate plan 1"
LIFE_S = 24 * 3600.0
AGAIN = "cmkmigrate plan PLAYBOOK --params FILE --out PLANFILE makes a new one"


@dataclass(frozen=True, slots=True)
class PlanFile:
    """A plan as read. actions: one dict each, as `model.Action`."""

    path: str
    playbook_path: str
    playbook_text: str
    params: dict[str, Any]
    identity: str
    actions: list[dict[str, Any]]
    expires: float


def save(path: Path, migration: Migration, preview: Preview) -> None:
    """Write the plan (0600, atomically). Raises OSError."""
    content = {
        "format": FORMAT,
        "tool": __version__,
        "created": time.time(),
        "expires": time.time() + LIFE_S,
        "playbook_path": migration.playbook.path,
        "playbook_text": migration.playbook.text,
        "params": migration.params,
        "identity": migration.identity,
        "actions": [asdict(action) for action in preview.actions()],
    }
    text = json.dumps({**content, "digest": _digest(content)}, indent=1, ensure_ascii=False)
    write_whole(path, text, "surrogatepass")


def load(path: Path) -> PlanFile:
    """Read a plan. Fatal when it is none, was edited, is of another version's format, or has expired."""
    try:
        content = json.loads(path.read_text("utf-8", errors="surrogatepass"))
        digest = content.pop("digest")
        if content["format"] != FORMAT:
            raise Fatal("the plan has another format", subject=str(path), why=f"{content['format']!r}", next=AGAIN)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Fatal("this is not a plan", subject=str(path), why=str(error), next=AGAIN) from None
    if digest != _digest(content):
        raise Fatal("the plan was edited", subject=str(path), why="its digest does not fit its content", next=AGAIN)
    if time.time() > content["expires"]:
        raise Fatal("the plan is older than a day", subject=str(path), next=AGAIN)
    names = ("playbook_path", "playbook_text", "params", "identity", "actions", "expires")
    return PlanFile(str(path), *(content[name] for name in names))


def check(plan: PlanFile, preview: Preview) -> None:
    """Compare a saved plan with what would be planned now. Fatal, naming the first difference."""
    then = {(one["step"], one["kind"], one["key"]): one for one in plan.actions}
    for action in preview.actions():
        now = json.loads(json.dumps(asdict(action)))
        before = then.pop((action.step, action.kind, action.key), None)
        if before is None:
            raise _stale(plan, action.kind, action.key, "it is new")
        moved = [name for name in ("do", "changes", "hint", "reason") if before[name] != now[name]]
        if moved:
            shown = "; ".join(f"{name} was {before[name]!r}, is {now[name]!r}" for name in moved)
            raise _stale(plan, action.kind, action.key, shown)
    for _, kind, key in then:
        raise _stale(plan, kind, key, "it is gone")


def _stale(plan: PlanFile, kind: str, key: str, why: str) -> Fatal:
    return Fatal(
        "the plan is stale: what it was made from has moved", subject=f"{kind} {key} ({plan.path})", why=why, next=AGAIN
    )


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(content).encode("utf-8", "surrogatepass")).hexdigest()
