"""Text that other people wrote, made safe for a terminal and for a spreadsheet; tables of plain lines."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def plain(text: str) -> str:
    """`text` with what would steer a terminal (escape sequences, turned-round writing) made visible."""
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text).replace("\t", " ").replace("\n", " ")


def neutral(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: text that begins like one gets an apostrophe before it."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


def csv_lines(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """CSV (RFC 4180), one line at a time without its end."""
    for row in [head]:
        yield _csv(row)
    for row in rows:
        yield _csv([neutral(cell) for cell in row])


def _csv(row: Sequence[Any]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(row)  # so that a cell with either of them is quoted
    return buffer.getvalue().removesuffix("\r\n")


def json_line(value: Any) -> str:
    """One line of JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def json_document(value: Any) -> str:
    """JSON for people."""
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Columns side by side: numbers to the right, text to the left, no frame."""
    cells = [[plain(str(cell)) for cell in row] for row in rows]
    right = [bool(cells) and all(_is_number(row[at]) for row in cells) for at in range(len(head))]
    widths = [max(len(name), *(len(row[at]) for row in cells)) if cells else len(name) for at, name in enumerate(head)]
    for row in [list(head), *cells]:
        parts = [
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        ]
        yield "  ".join(parts).rstrip()


def _is_number(cell: str) -> bool:
    return cell.isdigit() or cell == ""


def plural(number: int, one: str, many: str = "") -> str:
    """`1 job`, `2 jobs`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
