"""Where the bytes of workspace objects are. An object holds one of these; bytes are read when they are asked for."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

LARGEST_IN_STATE = 1_048_576  # bytes; what is larger appears in the canonical state as a hash


class Content(Protocol):
    """Some bytes. `read` gives all of them, `size` their number."""

    @property
    def size(self) -> int: ...

    def read(self) -> bytes: ...


class Held:
    """Bytes in memory: what was imported."""

    __slots__ = ("data",)

    def __init__(self, data: bytes) -> None:
        self.data = data

    @property
    def size(self) -> int:
        return len(self.data)

    def read(self) -> bytes:
        return self.data


class Stored:
    """Bytes in a file of the estate."""

    __slots__ = ("folder", "name")

    def __init__(self, folder: Path, name: str) -> None:
        self.folder, self.name = folder, name

    @property
    def size(self) -> int:
        return (self.folder / self.name).stat().st_size

    def read(self) -> bytes:
        return (self.folder / self.name).read_bytes()


class Made:
    """Bytes that a function makes of a number, the same each time: the contents of generated estates."""

    __slots__ = ("_size", "make", "number")

    def __init__(self, make: Callable[[int], bytes], number: int) -> None:
        self.make, self.number = make, number
        self._size = -1

    @property
    def size(self) -> int:
        if self._size < 0:
            self._size = len(self.read())
        return self._size

    def read(self) -> bytes:
        return self.make(self.number)


def shown(content: Content) -> dict[str, Any]:
    """How content appears in the canonical state: base64, or hash and size where it is larger than 1 MB."""
    data = content.read()
    if len(data) > LARGEST_IN_STATE:
        return {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    return {"base64": base64.b64encode(data).decode()}
