"""Text that other people wrote, made safe for a terminal and for a spreadsheet; tables of plain lines."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

# Control characters (C1 too: some terminals take \x9b for an escape sequence's begin), what turns writing round, what
# ends a line, what cannot be seen. Joiners stay: scripts and emoji are written with them.
_HIDDEN: Final = "\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f"
_CONTROL: Final = re.compile(f"[\x00-\x08\x0b-\x1f{_HIDDEN}]")
_IN_JSON: Final = re.compile(f"[{_HIDDEN}]")  # what JSON does not escape by itself
_IN_CSV: Final = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f{_HIDDEN}]")  # all but the ends of lines
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def plain(text: str) -> str:
    """`text` with what would steer a terminal (escape sequences, turned-round writing) made visible."""
    return _CONTROL.sub(lambda match: f"\\x{ord(match[0]):02x}", text).replace("\t", " ").replace("\n", " ")


def neutral(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula: text that begins like one gets an apostrophe before it. What
    would steer a terminal is made visible; ends of lines stay."""
    if not isinstance(value, str):
        return value
    text = _IN_CSV.sub(lambda match: f"\\x{ord(match[0]):02x}", value)
    return f"'{text}" if text.startswith(_FORMULA) else text


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
    return _escaped(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str))


def json_document(value: Any) -> str:
    """JSON for people."""
    return _escaped(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def _escaped(text: str) -> str:
    """The same JSON, with what would steer a terminal written as `\\uXXXX`."""
    return _IN_JSON.sub(lambda match: json.dumps(match[0])[1:-1], text)


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
