"""A body of several parts, for what is uploaded."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

_QUOTED: Final = 100_000  # bytes of a content that a refusal of it is looked through for


class Form:
    """A multipart body of known length, read block by block (so that it is in memory once)."""

    def __init__(self, fields: Mapping[str, str], content: Iterable[bytes]) -> None:
        self.boundary = secrets.token_hex(16)
        head = "".join(
            f'--{self.boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        )
        head += (
            f'--{self.boundary}\r\nContent-Disposition: form-data; name="content"; filename="content"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        self._blocks = [head.encode(), *(block for block in content if block), f"\r\n--{self.boundary}--\r\n".encode()]
        self._length = sum(len(block) for block in self._blocks)
        self._next = 0

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        while block := self.read():
            yield block

    def read(self, _size: int = -1) -> bytes:
        """The next block, b"" at the end."""
        self._next += 1
        return self._blocks[self._next - 1] if self._next <= len(self._blocks) else b""

    def lines(self) -> list[str]:
        """The first lines of what is sent, as far as they are text; short ones are left out."""
        text = b"".join(self._blocks[1:-1])[:_QUOTED].decode(errors="ignore")
        return [line.strip() for line in text.splitlines() if len(line.strip()) >= 12]

    def rewind(self) -> None:
        """Begin anew, as it is sent once more."""
        self._next = 0
