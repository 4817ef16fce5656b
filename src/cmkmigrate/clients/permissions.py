"""What Azure says that a caller may do at a scope, read as it says it.

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


def allows(permissions: Iterable[Mapping[str, Any]], action: str) -> bool:
    """Whether the caller may, by what the service says of his permissions at a scope."""
    return any(
        _matches(one.get("actions"), action) and not _matches(one.get("notActions"), action) for one in permissions
    )


def _matches(patterns: Any, action: str) -> bool:
    return any(fnmatchcase(action.lower(), str(pattern).lower()) for pattern in patterns or ())
