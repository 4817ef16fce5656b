"""The tree as such: list, get-status, mkdirs, delete. Facts and texts: section 5.6 and 5.7 of the wire facts.

/Users/<name> exists only for principals of the workspace, made when they are assigned; what stands directly in /Users,
and the top folders themselves, is protected.
"""

from __future__ import annotations

from cmkmigrate.sandbox.databricks.refusals import denied, invalid, missing, refusal, taken
from cmkmigrate.sandbox.databricks.tree import DASHBOARD, DIRECTORY, FILE, NOTEBOOK, REPO, Node, split
from cmkmigrate.sandbox.databricks.workspace import Body, WorkspaceState
from cmkmigrate.sandbox.wire import Request, Response, json_response, route

TOP = frozenset({"Users", "Shared", "Repos"})
ACL_TYPES = {DIRECTORY: "directories", NOTEBOOK: "notebooks", FILE: "files", REPO: "repos", DASHBOARD: "dashboards"}


def shown(node: Node) -> Body:
    """An object as list and get-status answer it. Times in ms; `size` of files in bytes."""
    body: Body = {
        "object_type": node.kind,
        "path": node.path,
        "object_id": node.id,
        "resource_id": str(node.id),
    }
    if node.kind != DIRECTORY and node.created_at:
        body["created_at"], body["modified_at"] = node.created_at, node.modified_at
    if node.kind == NOTEBOOK:
        body["language"] = node.language
    elif node.kind == FILE and node.content is not None:
        body["size"] = node.content.size
    return body


def wanted_path(path: object) -> str:
    """An absolute path from a request. Raises a 400 for anything else."""
    if not isinstance(path, str) or not path.startswith("/"):
        raise invalid(f"Path ({path or ''}) is not absolute: it must start with '/'.")
    return path


def found(state: WorkspaceState, path: object) -> Node:
    """The object at a path. Raises a 404."""
    node = state.tree.find(wanted_path(path))
    if node is None:
        raise missing(f"Path ({path}) doesn't exist.")
    return node


def guard_home(state: WorkspaceState, names: list[str]) -> None:
    """Refuse what would make a home for somebody who is not here.

    Assumption: anything but a principal's home is refused right below /Users (DIRECTORY_PROTECTED); below /Repos a
    folder may have any name, unless it looks like the home of an unknown user.
    """
    if len(names) < 2 or names[0] not in ("Users", "Repos"):
        return
    name = names[1]
    if state.tree.find("/" + "/".join(names[:2])) is not None:
        return
    known = state.has("user", name) or state.has("service_principal", name)
    if not known and (names[0] == "Users" or "@" in name):
        raise refusal(400, "DIRECTORY_PROTECTED", f"Folder {names[0]} is protected")


def guard_protected(names: list[str]) -> None:
    """Refuse to delete the root, the top folders and homes."""
    if not names or (names[0] in TOP and len(names) == 1) or (names[0] == "Users" and len(names) == 2):
        raise refusal(400, "DIRECTORY_PROTECTED", f"Folder {names[-1] if names else 'root'} is protected")


@route("GET", "/api/2.0/workspace/list")
def list_objects(state: WorkspaceState, request: Request) -> Response:
    """What is directly in a directory, not paged; a file or notebook answers with itself."""
    node = found(state, request.arg("path"))
    since = int(request.arg("notebooks_modified_after", "0") or 0)
    nodes = [node] if node.children is None else [one for _name, one in sorted(node.children.items())]
    nodes = [one for one in nodes if one.kind != NOTEBOOK or one.modified_at >= since]
    return json_response({"objects": [shown(one) for one in nodes]} if nodes else {})


@route("GET", "/api/2.0/workspace/get-status")
def get_status(state: WorkspaceState, request: Request) -> Response:
    node = found(state, request.arg("path"))
    body = shown(node)
    if request.arg("return_git_info").lower() == "true":
        folder = state.tree.git_folder_of(node)
        repo = state.repos.get(folder.id) if folder is not None else None
        if repo is not None:
            names = ("id", "path", "branch", "head_commit_id", "url")
            body["git_info"] = {name: repo[name] for name in names if name in repo}
    return json_response(body)


@route("POST", "/api/2.0/workspace/mkdirs")
def mkdirs(state: WorkspaceState, request: Request) -> Response:
    """Like mkdir -p. Refused when something else stands at the path or at one of its parents."""
    names = split(wanted_path(request.json().get("path")))
    guard_home(state, names)
    try:
        state.folder("/" + "/".join(names))
    except ValueError as error:
        raise taken(f"Cannot create directory: an object that is no directory exists at {error}.") from error
    return json_response({})


@route("POST", "/api/2.0/workspace/delete")
def delete_object(state: WorkspaceState, request: Request) -> Response:
    body = request.json()
    node = found(state, body.get("path"))
    guard_protected(split(node.path))
    if node.children and not body.get("recursive"):
        raise refusal(400, "DIRECTORY_NOT_EMPTY", f"Folder ({node.path}) is not empty")
    if node.kind == DASHBOARD:
        raise denied("Dashboards are deleted with the dashboards API.")
    for gone in state.tree.remove(node):
        state.forget_acl(ACL_TYPES[gone.kind], gone.id)
        if gone.kind == REPO:
            state.repos.pop(gone.id, None)
    return json_response({})
