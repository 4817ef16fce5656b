"""Everything that one Databricks workspace holds. The services read and change it; nothing else does."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cmkmigrate.sandbox.databricks.account import Account, account_of
from cmkmigrate.sandbox.databricks.refusals import denied
from cmkmigrate.sandbox.databricks.tree import DIRECTORY, Node, Tree, split
from cmkmigrate.sandbox.settings import Settings
from cmkmigrate.sandbox.wire import Clock, Directory, Principal, Request, Response

Body = dict[str, Any]

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
PRINCIPAL_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:ServicePrincipal"
GROUP_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:Group"


class Ids:
    """Ids as the product makes them: different in each workspace, the same in each run of the sandbox."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)
        self._given: set[str | int] = set()

    def reserve(self, id: str | int) -> None:
        """An id that a loaded estate brought, which is not given again."""
        self._given.add(id)

    def _fresh(self, make: Any) -> Any:
        while (id := make()) in self._given:
            pass
        self._given.add(id)
        return id

    def number(self) -> int:
        """An int64 as object and job ids are (15 or 16 digits)."""
        return int(self._fresh(lambda: self._random.randrange(10**14, 9 * 10**15)))

    def hexadecimal(self) -> str:
        """Sixteen capital hexadecimal digits, as policy and script ids are."""
        return str(self._fresh(lambda: f"{self._random.getrandbits(64):016X}"))

    def dated(self, infix: str = "", length: int = 8) -> str:
        """MMDD-HHMMSS-xxxxxxxx, as cluster ids are; with an infix, as pool ids are."""
        letters = "abcdefghijklmnopqrstuvwxyz0123456789"

        def make() -> str:
            pick = self._random.randrange
            tail = "".join(self._random.choice(letters) for _ in range(length))
            day = f"{pick(1, 13):02}{pick(1, 29):02}-{pick(24):02}{pick(60):02}{pick(60):02}"
            return f"{day}-{infix}{tail}"

        return str(self._fresh(make))


@dataclass(slots=True)
class Scope:
    """A secret scope: values by key, with the ms of their last update; ACL level by principal."""

    name: str
    backend: str = "DATABRICKS"
    vault: Body = field(default_factory=dict)  # resource_id, dns_name, tenant_id of a Key-Vault-backed scope
    values: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    acls: dict[str, str] = field(default_factory=dict)
    readable: bool = True  # whether secrets/get gives values


@dataclass(slots=True)
class AclEntry:
    """One direct entry of an ACL. `field` is user_name, group_name or service_principal_name."""

    field: str
    name: str
    level: str


def own_entry(who: Principal, level: str) -> AclEntry:
    """The ACL entry that the maker of a thing gets."""
    return AclEntry("user_name" if who.kind == "user" else "service_principal_name", who.name, level)


class WorkspaceState:
    """One workspace: who it is and what is in it. Bodies are what a GET answers, less what is worked out on reading."""

    def __init__(
        self, *, host: str, org_id: int, name: str, location: str, arm_id: str, directory: Directory, clock: Clock
    ) -> None:
        self.host, self.org_id, self.name, self.location, self.arm_id = host, org_id, name, location, arm_id
        self.directory, self.clock = directory, clock
        self.account: Account = account_of(directory)
        self.ids = Ids(f"{org_id}")
        self.tree = Tree()
        self.users: dict[str, Body] = {}
        self.service_principals: dict[str, Body] = {}
        self.groups: dict[str, Body] = {}  # `members` is a list of ids
        self.admin_numbers: set[str] = set()  # account principals assigned with ADMIN
        self.scopes: dict[str, Scope] = {}
        self.pools: dict[str, Body] = {}
        self.policies: dict[str, Body] = {}
        self.clusters: dict[str, Body] = {}
        self.cluster_due: dict[str, tuple[float, str]] = {}  # id -> when it comes to the next state, and which
        self.cluster_ended: dict[str, float] = {}  # id -> when it was terminated, seconds
        self.cluster_tokens: dict[str, str] = {}  # idempotency token -> id
        self.pinned: dict[str, str] = {}  # cluster id -> who pinned it
        self.contexts: dict[str, Any] = {}  # of `command_execution`, by id
        self.jobs: dict[int, Body] = {}
        self.repos: dict[int, Body] = {}
        self.acls: dict[tuple[str, str], list[AclEntry]] = {}  # (type as in the path, id) -> direct entries
        self.listed: dict[str, dict[str, Body]] = {}  # what the product does not move yet, by kind and id
        self.libraries: dict[str, list[Body]] = {}
        self.unique_pool_names = True
        self.compute_refusal: Callable[[], str] = lambda: ""  # why no machine can start now, "" when one can
        self.quota_refusal: Callable[[], str] = lambda: ""  # why there are not enough cores now
        self.settings = Settings()  # those of the cloud, once it is in one
        self.born: Body = {}  # what `births.made` makes, once it is in a cloud
        self.legacy_off: set[str] = set()  # of `legacy.SETTINGS`: what is disabled here
        self.dbfs: dict[str, bytes | None] = {"/": None}  # path -> content, None for a directory
        self.dbfs_open: dict[int, tuple[str, bytearray, float]] = {}  # handle -> path, content, when it was last used
        self.written: dict[str, float] = {}
        self.seen: dict[str, tuple[float, Response]] = {}
        self.start_seconds = 0.3  # how long a cluster is PENDING
        self.stop_seconds = 0.1
        self.started: dict[str, int] = {"clusters": 0, "idle_instances": 0}

    # who

    def caller(self, request: Request) -> Principal:
        """Who calls. Raises a 403 when the token stands for nobody of this workspace."""
        who = request.principal
        if who is None or not self.has(who.kind, who.name):
            raise denied("The caller is not a member of this workspace.")
        return who

    def has(self, kind: str, name: str) -> bool:
        """Whether a user, service principal or group of that name is in the workspace."""
        return self.find_identity(kind, name) is not None

    def find_identity(self, kind: str, name: str) -> Body | None:
        """The SCIM body of a principal by kind and name. User names are compared without case."""
        if kind == "user":
            wanted = name.lower()
            return next((one for one in self.users.values() if str(one["userName"]).lower() == wanted), None)
        if kind == "service_principal":
            wanted = name.lower()
            found = self.service_principals.values()
            return next((one for one in found if str(one["applicationId"]).lower() == wanted), None)
        same = [one for one in self.groups.values() if one["displayName"] == name]
        local = [one for one in same if one["meta"]["resourceType"] == "WorkspaceGroup"]
        return next(iter(local or same), None)

    def identity(self, id: str) -> tuple[str, Body] | None:
        """Kind and SCIM body by id."""
        for kind, held in (
            ("user", self.users),
            ("service_principal", self.service_principals),
            ("group", self.groups),
        ):
            if id in held:
                return kind, held[id]
        return None

    def system_group(self, name: str) -> Body:
        """`admins` or `users`; made if an estate came without it."""
        group = self.find_identity("group", name)
        if group is None:
            id = str(self.ids.number())
            group = self.groups[id] = {
                "id": id,
                "displayName": name,
                "members": [],
                "entitlements": [],
                "meta": {"resourceType": "WorkspaceGroup"},
            }
        return group

    def assign(self, principal: Principal, *, admin: bool = False, homes: bool = True) -> str:
        """Bring an account principal into the workspace: listed, in `users`, with its home. Gives its id."""
        number = self.account.number(principal)
        body = {name: value for name, value in principal.body.items() if name not in ("groups", "entitlements")}
        if principal.kind == "group":
            members = [str(one["value"]) for one in principal.body.get("members", [])]
            self.groups.setdefault(
                number,
                {
                    **body,
                    "displayName": principal.name,
                    "members": members,
                    "entitlements": [],
                    "meta": {"resourceType": "Group"},
                },
            )
        else:
            held = self.users if principal.kind == "user" else self.service_principals
            called = "userName" if principal.kind == "user" else "applicationId"
            shown = principal.display_name or principal.name
            fields = {"displayName": shown, "active": True, **body, called: principal.name, "entitlements": []}
            held.setdefault(number, fields)
            if homes:
                self.make_home(principal.name)
            everyone = self.system_group("users")["members"]
            if number not in everyone:
                everyone.append(number)
        self.set_admin(number, admin)
        return number

    def set_admin(self, number: str, admin: bool) -> None:
        """Put an assigned principal into `admins`; with False, leave it where it is."""
        members = self.system_group("admins")["members"]
        if admin:
            self.admin_numbers.add(number)
            if number not in members:
                members.append(number)

    def unassign(self, number: str) -> None:
        """Take a principal out of the workspace. Its home stays."""
        for held in (self.users, self.service_principals, self.groups):
            held.pop(number, None)
        self.admin_numbers.discard(number)
        for group in self.groups.values():
            if number in group["members"]:
                group["members"].remove(number)

    def is_admin(self, number: str) -> bool:
        """Whether a principal is in `admins`, directly or through groups."""
        seen: set[str] = set()
        waiting = [str(self.system_group("admins")["id"])]
        while waiting:
            group = self.groups.get(waiting.pop())
            for member in group["members"] if group else ():
                if member == number:
                    return True
                if member not in seen:
                    seen.add(member)
                    waiting.append(member)
        return False

    def make_home(self, name: str) -> None:
        """/Users/<name>, with CAN_MANAGE for its owner.

        Assumption: the right on a home is a direct entry of the home's ACL.
        """
        users = self.folder("/Users")
        assert users.children is not None
        if name in users.children:
            return
        home = self.folder(f"/Users/{name}")
        field = "user_name" if self.has("user", name) else "service_principal_name"
        self.acls[("directories", str(home.id))] = [AclEntry(field, name, "CAN_MANAGE")]

    # tree

    def folder(self, path: str) -> Node:
        """The directory at `path`, made with its parents where they are missing. Raises ValueError at an obstacle."""
        node = self.tree.root
        for name in split(path):
            if node.children is None:
                raise ValueError(node.path)
            child = node.children.get(name)
            if child is None:
                child = self.tree.add(node, DIRECTORY, name, self.ids.number())
                child.created_at = child.modified_at = self.clock.ms()
            node = child
        if node.children is None:
            raise ValueError(node.path)
        return node

    def forget_acl(self, kind: str, id: str | int) -> None:
        self.acls.pop((kind, str(id)), None)

    def policies_named(self, name: str) -> Iterator[Body]:
        return (one for one in self.policies.values() if one["name"] == name)

    def state(self) -> dict[str, Any]:
        """Everything in the workspace as one dict in a fixed order, for comparing (see `canonical`)."""
        from cmkmigrate.sandbox.databricks.canonical import canonical  # it reads the services, which import this file

        return canonical(self)
