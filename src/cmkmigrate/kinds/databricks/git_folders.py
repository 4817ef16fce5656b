"""Git folders: a remote repository checked out at a branch. Their contents come from Git."""

from __future__ import annotations

from collections.abc import Iterator

from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.kinds.databricks import tree
from cmkmigrate.model import Asset, Body, Entry, Made

REPOS = "/api/2.0/repos"


class GitFolders(Kind):
    """Found in the tree: the Repos listing is deprecated and leaves out what the caller cannot manage (vendor SDK).

    Created from the URL, then set to the branch. Not carried: uncommitted changes, and the commit of a folder that is
    on no branch, because the API can set a branch or a tag only. Credentials cannot be read; the remote of a private
    repository needs one of the caller's own in the target, else the service refuses.
    """

    name = "git_folders"
    service = "git_folders"
    parents = ("directories",)
    permission_type = "repos"
    deferred = ("branch",)
    immutable = ("url", "path")
    server_owned = frozenset({"id", "head_commit_id", "git_cli_enabled"})

    def list(self, site: Site, settings: Settings, listed: Listed) -> Iterator[Entry]:
        for node in tree.of_type(site, "REPO", "GIT_CLI"):
            by_hand = "made with the Git command line: the Repos API does not know it" if node.type == "GIT_CLI" else ""
            entry = tree.entry(node, unsupported=by_hand)
            entry.hint = ""  # the tree's time does not change with the branch
            yield entry

    def load(self, site: Site, entry: Entry) -> Asset:
        """Assumption: the object id of a REPO in the tree is its id in the Repos API."""
        body: Body = dict(site.read(f"{REPOS}/{entry.id}"))
        body["path"] = tree.plain(str(body["path"]))
        if not body.get("branch"):
            body.pop("branch", None)
        return Asset(entry.id, entry.key, entry.name, of=entry.of, body=body)

    def create(self, site: Site, asset: Asset) -> Made:
        assert asset.body is not None
        said = {name: value for name, value in asset.body.items() if name != "branch"}
        return Made(str(site.write("POST", REPOS, said)["id"]))

    def update(self, site: Site, want: Asset, have: Asset) -> Made:
        assert want.body is not None and have.body is not None
        said = {
            name: want.body[name]
            for name in ("branch", "sparse_checkout")
            if name in want.body and want.body[name] != have.body.get(name)
        }
        site.write("PATCH", f"{REPOS}/{have.id}", said)
        return Made(have.id)

    def fit(self, want: Body, have: Body) -> Body:
        """On no branch: whatever branch the target checked out stays. The provider's case means nothing."""
        kept = {}
        if "branch" not in want and "branch" in have:
            kept["branch"] = have["branch"]
        if str(want.get("provider")).casefold() == str(have.get("provider")).casefold():
            kept["provider"] = have.get("provider")
        return want | kept

    def as_key(self, name: str) -> str:
        return tree.plain(name)
