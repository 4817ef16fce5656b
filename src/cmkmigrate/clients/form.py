"""A body of several parts, for what is uploaded."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from cmkmigrate.errors import Unknown

_QUOTED: Final = 100_000  # bytes of a content that a refusal of it is looked through for


class Form:
    """A multipart body of known length, read block by block: held in memory once, or, where the content's `size`
    (bytes) is given, read while it is sent (`streamed`)."""

    def __init__(self, fields: Mapping[str, str], content: Iterable[bytes], size: int = -1) -> None:
        self.boundary = secrets.token_hex(16)
        head = "".join(
            f'--{self.boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        )
        head += (
            f'--{self.boundary}\r\nContent-Disposition: form-data; name="content"; filename="content"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        self._head, self._tail = head.encode(), f"\r\n--{self.boundary}--\r\n".encode()
        self.streamed = size >= 0
        self._content = content if self.streamed else [block for block in content if block]
        self._size = size if self.streamed else sum(len(block) for block in self._content)
        self._first = b""  # of the content
        self._parts = self._read()

    def __len__(self) -> int:
        return len(self._head) + self._size + len(self._tail)

    def __iter__(self) -> Iterator[bytes]:
        while block := self.read():
            yield block

    def read(self, _size: int = -1) -> bytes:
        """The next block, b"" at the end. Raises what reading the content raises, and Unknown for another size."""
        return next(self._parts, b"")

    def _read(self) -> Iterator[bytes]:
        yield self._head
        self._first, size = b"", 0
        for block in self._content:
            size += len(block)
            if size > self._size:
                break
            if block:
                self._first += block[: max(0, _QUOTED - len(self._first))]
                yield block
        if size != self._size:
            said = f"the content has another size than the {self._size} bytes that were said"
            raise Unknown(f"{said}: it was changed while it was read")
        yield self._tail

    def lines(self) -> list[str]:
        """The first lines of what was sent, as far as they are text; short ones are left out."""
        text = self._first.decode(errors="ignore")
        return [line.strip() for line in text.splitlines() if len(line.strip()) >= 12]

    def rewind(self) -> bool:
        """Begin anew, as it is sent once more; whether that can be: what was read while it was sent is gone."""
        self._parts = self._read()
        return not self.streamed
