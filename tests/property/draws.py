"""What is drawn besides the workspace: a playbook, and what goes wrong. A case is plain JSON."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import strategies as st

from tests.property.estates import NAMES, estates

Case = dict[str, Any]
Draw = Any

KINDS = (
    "users", "service_principals", "groups", "directories", "notebooks", "files", "git_folders", "secret_scopes",
    "secrets", "secret_acls", "instance_pools", "cluster_policies", "clusters", "jobs", "permissions",
    "sql_warehouses", "pipelines", "queries", "alerts", "global_init_scripts", "cluster_libraries",
)  # fmt: skip
LIKENESS = ["runtimes", "node_types", "metastore", "default_catalog", "dbfs_root", "hive_metastore"]
PATTERNS = [
    "/Shared/*",
    "/Users/*",
    "twin",
    "Team",
    "pool",
    "s",
    "s/*",
    "jobs",
    "permissions",
    "secrets",
    "*",
    "notebooks:*",
]
PATTERNS += [f"/Shared/{name}" for name in NAMES[:6]]
MOST_DEATHS = 2
MOST_RULES = 3

# What may be refused, lost or cut, and looked up again; where in the API.
PATHS = ("*",) * 4 + tuple(
    f"/api/2.*/{one}*"
    for one in (
        "jobs/", "clusters/", "workspace/", "secrets/", "preview/scim/", "permissions/", "policies/", "instance-pools/",
        "repos",
    )
)  # fmt: skip


FAULTS: tuple[dict[str, Any], ...] = (
    {"action": "refuse", "status": 429},
    {"action": "refuse", "status": 429, "retry_after": "1"},
    {"action": "refuse", "status": 500},
    {"action": "refuse", "status": 503},
    {"action": "status", "status": 502, "after": True},
    {"action": "html", "status": 200},
    {"action": "html", "status": 502},
    {"action": "reset"},
    {"action": "lose"},
    {"action": "cut"},
    {"action": "cut", "bytes": 1},
    {"action": "length", "bytes": 10},
)


@st.composite
def playbooks(draw: Draw) -> str:
    """A playbook between two workspaces that exist: all kinds, or some, in one step or several."""
    steps: list[dict[str, Any]] = []
    if draw(st.booleans()):
        steps.append({"id": "likeness", "kind": "likeness", "with": {"accept": LIKENESS}} | draw(_asked_for()))
    if draw(st.integers(0, 2)):
        steps.append({"id": "contents", "kinds": "all"} | draw(_filters()))
    else:
        chosen = sorted(draw(st.lists(st.sampled_from(KINDS), min_size=1, unique=True)), key=KINDS.index)
        cut = draw(st.integers(1, len(chosen)))
        for number, part in enumerate((chosen[:cut], chosen[cut:])):
            if part:
                steps.append({"id": f"part-{number}", "kinds": part} | draw(_filters()) | draw(_asked_for()))
    params = {side: {"type": "workspace", "about": side} for side in ("source", "target")}
    params["word"] = {"type": "text", "about": "for some steps", "default": draw(st.sampled_from(("", "yes")))}
    body = {
        "playbook": "drawn",
        "params": params,
        "source": "${params.source}",
        "target": "${params.target}",
        "steps": steps,
    }
    return yaml.safe_dump(body, allow_unicode=True, sort_keys=False)


@st.composite
def _filters(draw: Draw) -> dict[str, Any]:
    which = draw(st.sampled_from(("", "", "exclude", "include", "adopt")))
    if which == "adopt":
        return {"adopt": True}
    return {which: draw(st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=2, unique=True))} if which else {}


@st.composite
def _asked_for(draw: Draw) -> dict[str, Any]:
    """Whether a step is skipped: seldom one that hangs on a word."""
    which = draw(st.sampled_from(("", "", "", "when", "unless")))
    return {which: "${params.word}"} if which else {}


@st.composite
def rules(draw: Draw) -> dict[str, Any]:
    """One rule of the sandbox's: some requests go wrong, the same ones in whatever order they come."""
    what = draw(st.sampled_from(FAULTS))
    match: dict[str, Any] = {"host": "adb-*", "path": draw(st.sampled_from(PATHS))}
    if draw(st.booleans()):
        match["write"] = True
    share = draw(st.sampled_from((0.05, 0.1, 0.3)))
    return {"match": match, "count": -1, "share": share, "seed": draw(st.integers(0, 999)), **what}


@st.composite
def deaths(draw: Draw) -> dict[str, Any]:
    """Where a process is killed: at its n-th request or write, before or after the work, or at its n-th result."""
    how = draw(st.sampled_from(("kill", "kill_after", "result")))
    if how == "result":
        return {"result": draw(st.integers(1, 12))}
    write = draw(st.booleans())
    at = draw(st.integers(0, 15 if write else 80))
    return {"match": {"host": "adb-*", **({"write": True} if write else {})}, "offset": at, "action": how}


@st.composite
def cases(draw: Draw) -> Case:
    """A whole example."""
    return {
        "estate": draw(estates()),
        "playbook": draw(playbooks()),
        "parallelism": draw(st.sampled_from((1, 2, 10, 20))),
        "deaths": draw(st.lists(deaths(), min_size=1, max_size=MOST_DEATHS)),
        "rules": draw(st.lists(rules(), min_size=1, max_size=MOST_RULES)),
        "damage": draw(st.integers(0, 999)),
        "overwrite": draw(st.booleans()),
        "settings": draw(st.sampled_from(({}, {}, {}, {"stale_s": 2}, {"lost_acl_puts": 1}))),
    }
