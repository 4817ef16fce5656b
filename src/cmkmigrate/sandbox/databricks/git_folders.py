"""Git folders (2.0/repos) and the list of Git credentials.

What is in a repository is known where an estate has a folder of the same URL: a new folder of that URL gets the same
content. Of any other URL the folder is empty. Assumptions: the default branch is main unless an estate says otherwise,
any branch can be checked out, and no repository is private.
"""

from __future__ import annotations

import hashlib

from cmkmigrate.sandbox.databricks.account import remote_key
from cmkmigrate.sandbox.databricks.directories import guard_home
from cmkmigrate.sandbox.databricks.refusals import invalid, missing, taken
from cmkmigrate.sandbox.databricks.tree import HOLDERS, REPO, Node, split
from cmkmigrate.sandbox.databricks.workspace import Body, WorkspaceState, own_entry
from cmkmigrate.sandbox.wire import Request, Response, json_response, route

REPOS = "/api/2.0/repos"
PAGE = 20
PROVIDERS = {
    name.lower(): name
    for name in (
        "gitHub",
        "gitHubEnterprise",
        "bitbucketCloud",
        "bitbucketServer",
        "gitLab",
        "gitLabEnterpriseEdition",
        "azureDevOpsServices",
        "awsCodeCommit",
    )
}


def _held(state: WorkspaceState, request: Request) -> Body:
    id = request.params["id"]
    repo = state.repos.get(int(id)) if id.isdigit() else None
    if repo is None:
        raise missing(f"Repo {id} could not be found.")
    return repo


def _head(state: WorkspaceState, url: str, branch: str) -> str:
    remote = state.account.remotes.get(remote_key(url))
    known = remote.branches.get(branch) if remote is not None else None
    return known or hashlib.sha1(f"{remote_key(url)}#{branch}".encode(), usedforsecurity=False).hexdigest()


def _copy(state: WorkspaceState, source: Node, target: Node) -> None:
    """The same objects below `target`, under ids of this workspace."""
    for name, child in (source.children or {}).items():
        made = state.tree.add(target, child.kind, name, state.ids.number())
        made.language, made.format, made.content = child.language, child.format, child.content
        made.created_at = made.modified_at = state.clock.ms()
        _copy(state, child, made)


@route("GET", REPOS)
def list_repos(state: WorkspaceState, request: Request) -> Response:
    """Twenty at a time, by `next_page_token`. Without a narrower prefix only what is in /Repos."""
    names = split(request.arg("path_prefix")) or ["Repos"]
    at = int(request.arg("next_page_token", "0") or 0)
    found = [
        repo for _id, repo in sorted(state.repos.items()) if "/".join(split(repo["path"])).startswith("/".join(names))
    ]
    answer: Body = {"repos": found[at : at + PAGE]} if found[at:] else {}
    if len(found) > at + PAGE:
        answer["next_page_token"] = str(at + PAGE)
    return json_response(answer)


@route("POST", REPOS)
def create_repo(state: WorkspaceState, request: Request) -> Response:
    who = state.caller(request)
    body = request.json()
    url, provider = str(body.get("url") or ""), PROVIDERS.get(str(body.get("provider") or "").lower())
    if not url.startswith(("https://", "http://")):
        raise invalid(f"Invalid Git URL: {url}")
    if provider is None:
        raise invalid(f"Unknown Git provider: {body.get('provider')}")
    name = url.rstrip("/").removesuffix(".git").rsplit("/", 1)[-1]
    names = split(str(body.get("path") or f"/Repos/{who.name}/{name}"))
    path = "/" + "/".join(names)
    if not names or names == ["Repos"] or (names[0] == "Repos" and len(names) != 3):
        raise invalid(f"Path {path} must be of the form /Repos/{{folder}}/{{name}}.")
    guard_home(state, names)
    parent = state.tree.find("/" + "/".join(names[:-1]))
    if parent is None or parent.kind not in HOLDERS or parent.children is None:
        raise missing(f"Parent directory /{'/'.join(names[:-1])} does not exist.")
    if names[-1] in parent.children:
        raise taken(f"An object with path {path} already exists.")
    node = state.tree.add(parent, REPO, names[-1], state.ids.number())
    node.created_at = node.modified_at = state.clock.ms()
    remote = state.account.remotes.get(remote_key(url))
    branch = "main"
    if remote is not None:
        branch = branch if branch in remote.branches else next(iter(remote.branches), branch)
        _copy(state, remote.content, node)
    extra = {key: value for key, value in body.items() if key not in ("url", "provider", "path", "git_credential_id")}
    state.repos[node.id] = {
        **extra,
        "id": node.id,
        "path": path,
        "url": url,
        "provider": provider,
        "branch": branch,
        "head_commit_id": _head(state, url, branch),
    }
    state.acls[("repos", str(node.id))] = [own_entry(who, "CAN_MANAGE")]
    return json_response(state.repos[node.id])


@route("GET", REPOS + "/{id}")
def get_repo(state: WorkspaceState, request: Request) -> Response:
    return json_response(_held(state, request))


@route("PATCH", REPOS + "/{id}")
def update_repo(state: WorkspaceState, request: Request) -> Response:
    """Check out a branch, or a tag (then `branch` is empty). Sparse checkout can only be said at creation."""
    repo, body = _held(state, request), request.json()
    branch, tag = body.get("branch"), body.get("tag")
    if branch and tag:
        raise invalid("Only one of branch and tag can be given.")
    if "sparse_checkout" in body and "sparse_checkout" not in repo:
        raise invalid("Sparse checkout can only be enabled when the Git folder is created.")
    if "sparse_checkout" in body:
        repo["sparse_checkout"] = body["sparse_checkout"]
    if branch or tag:
        repo["branch"] = branch or ""
        repo["head_commit_id"] = _head(state, repo["url"], branch or f"refs/tags/{tag}")
    return json_response({})


@route("DELETE", REPOS + "/{id}")
def delete_repo(state: WorkspaceState, request: Request) -> Response:
    repo = _held(state, request)
    state.tree.remove(state.tree.by_id[repo["id"]])
    state.forget_acl("repos", repo["id"])
    del state.repos[repo["id"]]
    return json_response({})


@route("GET", "/api/2.0/git-credentials")
def list_credentials(state: WorkspaceState, request: Request) -> Response:
    """The caller's own: none, as nobody has stored any."""
    return json_response({"credentials": []})
