"""Takes out of an answer what says whose it is: names, ids, tenants, addresses. The service's own words stay."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

# In this order. What a pattern takes is replaced by its word, so that two answers of two tenants can be compared.
_PATTERNS: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), word)
    for pattern, word in (
        (r"[\w.+#-]+@[\w-]+(?:\.[\w-]+)+", "USER"),
        (r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "GUID"),
        (r"\b[0-9a-f]{32}\b", "ID"),
        (r"\badb-\d+\.\d+", "WORKSPACE-HOST"),
        (r"\bdbstorage[0-9a-z]+", "STORAGE-ACCOUNT"),
        (r"\bdbdiskencryptionset[0-9a-z]+", "DISK-ENCRYPTION-SET"),
        (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?", "TIME"),
        (r"\b\d{4}-\d{6}-[0-9a-z]+\b", "CLUSTER"),
        (r"\b(?:\d{1,3}\.){3}\d{1,3}\b", "ADDRESS"),
        (r"\b(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}\b", "ADDRESS"),
        (r"\bnumgroups=\d+", "numgroups=NUMBER"),
        (r"[A-Za-z0-9_-]{44,}", "TOKEN"),
        (r"\b\d{10,}\b", "NUMBER"),
    )
)


class Scrub:
    """known: what is replaced by a word of its own before the patterns look, as {"what stands there": "WORD"}."""

    def __init__(self, known: Mapping[str, str] | None = None) -> None:
        self.known: dict[str, str] = {}
        self.learn((known or {}).items())

    def learn(self, known: Iterable[tuple[str, str]]) -> None:
        """More that is to be replaced; what has fewer than three characters would be found everywhere, and is not."""
        self.known.update({text: word for text, word in known if len(text) > 2})

    def text(self, text: str) -> str:
        """The text without what is known, and without what looks like an id, a name of somebody, an address."""
        for known in sorted(self.known, key=len, reverse=True):  # a name that is the beginning of another goes last
            text = re.sub(re.escape(known), self.known[known], text, flags=re.IGNORECASE)
        for pattern, word in _PATTERNS:
            text = pattern.sub(word, text)
        return text

    def value(self, value: Any) -> Any:
        """The same for every text in a value."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(name)): self.value(one) for name, one in value.items()}
        return [self.value(one) for one in value] if isinstance(value, list | tuple) else value
