"""`python -m tests.evidence.table [--all] [FOLDER]`: the table of a folder of exchanges, or of the last run of pytest.

FOLDER is what `SANDBOX_EXCHANGES` named while a sandbox was used (by the demo, by anything). Ends with 1 when something
is not as the vendors define it; with `--all`, which says that everything ran, also when an exception was not needed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.evidence import definitions, exchange
from tests.evidence.judge import Result, Row, judge

LAST = Path(__file__).resolve().parents[2] / ".pytest_cache" / "d" / "evidence"
COLUMNS = ("calls", "requests", "answers", "violations", "by_product", "by_hand", "faults", "planted", "excepted")
TITLES = ("calls", "requests", "answers", "wrong", "product", "typed", "faults", "planted", "excepted")


def lines(result: Result) -> list[str]:
    """The table: what has a definition, then what has none, then the sums."""
    width = max((len(name) for name in result.rows), default=0)
    head = f"{'operation':{width}} {' '.join(f'{one:>9}' for one in TITLES)}  definition"
    told = [head]
    defined = [row for row in result.rows.values() if row.source]
    for row in sorted(defined, key=lambda one: one.operation):
        told.append(_line(row, width))
    total = Row("all of them", "")
    for row in defined:
        for name in COLUMNS:
            setattr(total, name, getattr(total, name) + getattr(row, name))
    told += [_line(total, width), "", "operations without a definition"]
    for row in sorted((row for row in result.rows.values() if not row.source), key=lambda one: one.operation):
        told.append(f"{row.operation:{width}} {row.calls:9}")
    return told


def _line(row: Row, width: int) -> str:
    return f"{row.operation:{width}} {' '.join(f'{getattr(row, one):9}' for one in COLUMNS)}  {row.source}".rstrip()


def summary(result: Result) -> str:
    """The table in one sentence."""
    rows = [row for row in result.rows.values() if row.source]
    sums = {name: sum(getattr(row, name) for row in rows) for name in COLUMNS}
    bare = sum(row.calls for row in result.rows.values() if not row.source)
    return (
        f"{sums['requests']} requests and {sums['answers']} answers of {len(rows)} operations judged: "
        f"{sums['violations']} not as defined, {sums['excepted']} excepted, {sums['planted']} planted; "
        f"{sums['faults']} faults, {sums['by_hand']} typed by tests, {bare} calls of operations without a definition"
    )


def main(arguments: list[str]) -> int:
    """Print it; gives the exit code."""
    folders = [Path(word) for word in arguments if word != "--all"]
    folder = folders[0] if folders else LAST
    if not folder.is_dir():
        sys.stderr.write(f"there are no exchanges in {folder}: run pytest first\n")
        return 2
    result = judge(exchange.read(folder))
    told = lines(result)
    if not definitions.present():
        told += ["", f"{definitions.ABSENT}: Azure was not judged"]
    wrong = result.wrong + ([f"not needed: {name}" for name in result.unneeded] if "--all" in arguments else [])
    sys.stdout.write("\n".join([*told, "", summary(result), *wrong]) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
