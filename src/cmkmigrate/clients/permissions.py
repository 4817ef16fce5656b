"""What an entry of permissions allows: those of a caller at a scope, and those of a role's definition, have one form.

https://learn.microsoft.com/rest/api/authorization/permissions (2022-04-01): an entry allows what its actions name and
its notActions do not. Deny assignments and conditions of a grant are not in that answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

VERSION: Final = "2022-04-01"


def path(scope: str) -> str:
    """Where the permissions at a scope are listed."""
    return f"{scope}/providers/Microsoft.Authorization/permissions"


def allows(permissions: Iterable[Any], action: str, *, data: bool = False) -> bool:
    """Whether one of these entries has the action (a data action where `data`); `*` stands for anything."""
    given, taken = ("dataActions", "notDataActions") if data else ("actions", "notActions")
    entries = (one for one in permissions if isinstance(one, Mapping))
    return any(_matches(one.get(given), action) and not _matches(one.get(taken), action) for one in entries)


def _matches(patterns: Any, action: str) -> bool:
    return any(fnmatchcase(action.lower(), str(pattern).lower()) for pattern in patterns or ())
