"""Who may read, write and manage a secret scope: one asset for each scope."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress

from cmkmigrate.errors import NotFound, Unknown
from cmkmigrate.kinds.base import Kind, Listed, Settings, Site
from cmkmigrate.model import Asset, Body, Entry, Made, Reference

_APPLICATION = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
ACLS = "/api/2.0/secrets/acls"
ROUNDS = 5  # a put can be lost by a cache of the service without a word (terraform-provider-databricks#4195)


class SecretAcls(Kind):
    """The ACL of a scope as one list, so that an entry added behind the back is seen. What the creation of the scope
    gave its creator is taken away where the old scope does not have it: a workspace admin keeps control."""

    name = "secret_acls"
    service = "secret_acls"
    parents = ("secret_scopes",)
    one_write = False  # one for each principal
    unordered = ("items",)
    refs = (Reference("items[*].principal", ("users", "service_principals", "groups"), "key", missing="drop"),)

    def list(self, site: Site, settings: Settings, listed: Listed) -> Iterator[Entry]:
        for scope in listed("secret_scopes"):
            yield Entry(
                scope.id,
                scope.key,
                scope.name,
                of=("secret_scopes", scope.key),
                unsupported=scope.unsupported,
                excluded=scope.excluded,
            )

    def load(self, site: Site, entry: Entry) -> Asset:
        items = [{"principal": who, "permission": what} for who, what in _read(site, entry.id).items()]
        return Asset(entry.id, entry.key, entry.name, of=entry.of, body={"items": items})

    def update(self, site: Site, want: Asset, have: Asset) -> Made:
        """Puts, then deletes what is too much, then looks; again where the look does not show it. Raises Unknown when
        it still differs after five rounds."""
        assert want.body is not None
        wanted = _by_principal(want.body["items"])
        found = _by_principal((have.body or {}).get("items", ()))
        for _ in range(ROUNDS):
            for who, what in wanted.items():
                if found.get(who) != what:
                    site.write("POST", f"{ACLS}/put", {"scope": have.id, "principal": who, "permission": what})
            for who in found.keys() - wanted.keys():
                with suppress(NotFound):  # gone already: the read before was an old one
                    site.write("POST", f"{ACLS}/delete", {"scope": have.id, "principal": who})
            found = _read(site, have.id)
            if found == wanted:
                return Made(have.id)
        raise Unknown(f"the ACL of the secret scope {have.id} was written {ROUNDS} times and still reads otherwise")


def _read(site: Site, scope: str) -> dict[str, str]:
    return _by_principal(site.read(f"{ACLS}/list", {"scope": scope}).get("items") or ())


def _by_principal(items: Iterable[Body]) -> dict[str, str]:
    return {_spelled(str(one["principal"])): str(one["permission"]) for one in items}


def _spelled(principal: str) -> str:
    """Users and applications are the same in any case; a group's name is as it is."""
    return principal.casefold() if "@" in principal or _APPLICATION.fullmatch(principal) else principal
