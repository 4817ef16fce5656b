"""Which methods of databricks-sdk lead to a route of the sandbox, and which routes no method leads to."""

from __future__ import annotations

import re
from collections import defaultdict

from cmkmigrate.sandbox.databricks import ROUTES
from tests.evidence import sdk

Place = tuple[str, str]  # verb, path

OLDER = "an older version, for other tools; the SDK has the newest"
ACCOUNT = "the SDK has it for accounts alone"
# Routes that no typed call of the SDK reaches, by the end of their pattern or all of it.
UNTYPED: dict[str, str] = {
    r"/api/2\.0/clusters/.*": OLDER,
    r"/api/2\.[01]/jobs/.*": OLDER,
    r"/api/2\.0/preview/permissions/.*": OLDER,
    r"/api/2\.0/preview/permissionassignments.*": ACCOUNT,
}
# Methods whose path fits a route that takes any type of object or setting, and whose type the sandbox does not have.
ABSENT: dict[str, str] = {
    r"/api/2\.0/permissions/(apps|knowledge-assistants|supervisor-agents)/.*": "no apps and agents",
    r"/api/2\.0/permissions/(experiments|registered-models)/.*": "no MLflow",
    r"/api/2\.0/permissions/(serving-endpoints|vector-search-endpoints)/.*": "no endpoints",
    r"/api/2\.0/permissions/authorization/passwords.*": "Azure knows no passwords: Entra signs people in",
    r"/api/2\.0/settings/types/(?!(disable_legacy_(access|dbfs)|default_namespace_ws)/).*": "what a migration meets",
}

# Methods that are called and can only be refused.
REFUSED: dict[str, str] = {
    "settings.TokenManagement.set_permissions": "its enumeration lacks the level that administrators have and must keep"
}


def reason(table: dict[str, str], path: str) -> str:
    """The entry of a table for a path; "" where it has none."""
    return next((pattern for pattern in table if re.fullmatch(pattern, path)), "")


def methods() -> dict[str, set[Place]]:
    """The methods of the SDK with a route in the sandbox: name -> where they lead."""
    found: defaultdict[str, set[Place]] = defaultdict(set)
    starts = {"/".join(one.pattern.split("/")[:4]) for one in ROUTES.all}
    for path in sorted(sdk.FOLDER.glob("*.py")):
        text = path.read_text("utf-8")
        if path.stem.startswith("_") or not any(start in text for start in starts):
            continue  # reading a module takes a while, and most have nothing for the sandbox
        for one in sdk.operations(path.stem):
            if ROUTES.find(one.verb, plain(one.path)) is not None:
                found[one.method].add((one.verb, one.path))
    return dict(found)


def plain(pattern: str) -> str:
    """A path with a value for each variable."""
    return re.sub(r"\{\w+\}", "1", pattern)


def route_of(verb: str, path: str) -> Place | None:
    """The route that a request takes."""
    found = ROUTES.find(verb, path)
    return (found[0].method, found[0].pattern) if found else None


def routes() -> set[Place]:
    """All routes of a workspace."""
    return {(one.method, one.pattern) for one in ROUTES.all}


def leads(place: Place, requests: set[Place]) -> bool:
    """Whether one of the requests is one to this place."""
    wanted = re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(place[1])))
    return any(verb == place[0] and wanted.fullmatch(path) for verb, path in requests)
