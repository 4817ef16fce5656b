"""What the workspaces of one sandbox share: numbers of principals, policy families, Git remotes, secrets in vaults.

Principals themselves are in the tenant's `Directory`. Assumption: users, service principals and account groups have the
same numeric id in every workspace of the account.
"""

from __future__ import annotations

import hashlib
from typing import Any
from weakref import WeakKeyDictionary

from cmkmigrate.sandbox.databricks.tree import Node
from cmkmigrate.sandbox.wire import Directory, Principal


class Remote:
    """What is known of a Git repository: its branches with their head commits, and what is in it."""

    __slots__ = ("branches", "content")

    def __init__(self, content: Node) -> None:
        self.branches: dict[str, str] = {}
        self.content = content


class Account:
    """One Databricks account. Get it with `account_of(directory)`."""

    def __init__(self, directory: Directory) -> None:
        self._numbers: dict[str, Principal] = {}
        self._counted = 0
        self.principals = directory.principals
        self.policy_families: dict[str, dict[str, Any]] = {}  # families that an estate brings, by id
        self.remotes: dict[str, Remote] = {}  # URL without .git, in lower case -> remote
        self.vault_secrets: dict[str, dict[str, int]] = {}  # vault resource id, lower case -> key -> last update in ms

    def number(self, principal: Principal) -> str:
        """The numeric id of a principal in every workspace (a string of digits); the estate's own where it is free."""
        number = str(principal.body.get("id", ""))
        if not number.isdigit() or self._numbers.get(number, principal) is not principal:
            salt = 0
            number = _digits(f"{principal.kind}:{principal.name.lower()}")
            while self._numbers.get(number, principal) is not principal:
                salt += 1
                number = _digits(f"{principal.kind}:{principal.name.lower()}:{salt}")
        self._numbers[number] = principal
        principal.body["id"] = number
        return number

    def by_number(self, number: str) -> Principal | None:
        """Whose numeric id that is."""
        if self._counted != len(self.principals):
            for principal in list(self.principals.values()):
                self.number(principal)
            self._counted = len(self.principals)
        return self._numbers.get(number)


def _digits(text: str) -> str:
    """Fifteen digits, the same for the same text."""
    return str(10**14 + int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) % (9 * 10**14))


_ACCOUNTS: WeakKeyDictionary[Directory, Account] = WeakKeyDictionary()


def account_of(directory: Directory) -> Account:
    """The account of a tenant, made when it is first asked for."""
    account = _ACCOUNTS.get(directory)
    if account is None:
        account = _ACCOUNTS[directory] = Account(directory)
    return account


def remote_key(url: str) -> str:
    """One key for the spellings of a repository's URL."""
    return url.rstrip("/").removesuffix(".git").lower()
