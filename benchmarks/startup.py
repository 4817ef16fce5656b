"""How long `cmkmigrate --help` takes, beside a bare typer script with as many commands (with and without rich).

    python benchmarks/startup.py --pairs 20

benchmarks/README.md says what is measured.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import served

OURS = """\
import sys
from cmkmigrate.cli import main
if __name__ == "__main__":
    sys.exit(main())
"""
BARE = """\
import typer
app = typer.Typer(help="A script."{more})
{commands}
if __name__ == "__main__":
    app()
"""
COMMAND = '''
@app.command()
def command{number}(what: str, count: int = 1, name: str = typer.Option("", "--name", help="A name.")) -> None:
    """Does something, the {number}th."""
'''


def run(script: Path) -> float:
    """Seconds of one `--help`."""
    began = time.perf_counter()
    words = [sys.executable, str(script), "--help"]
    subprocess.run(words, env=served.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=True)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description="`cmkmigrate --help` beside a bare typer script.")
    parser.add_argument("--pairs", type=int, default=20, metavar="N")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        scripts = [Path(name, f"{what}.py") for what in ("ours", "bare", "plain")]
        commands = "".join(COMMAND.format(number=n) for n in range(12))
        scripts[0].write_text(OURS)
        scripts[1].write_text(BARE.format(commands=commands, more=""))
        scripts[2].write_text(BARE.format(commands=commands, more=", rich_markup_mode=None"))
        for script in scripts:
            run(script)  # what is compiled once is not what is measured
        rounds = [[run(script) for script in scripts] for _ in range(given.pairs)]
    result = {
        "cmkmigrate_ms": 1000 * statistics.median(one[0] for one in rounds),
        "bare_typer_ms": 1000 * statistics.median(one[1] for one in rounds),
        "bare_typer_without_rich_ms": 1000 * statistics.median(one[2] for one in rounds),
        "ratio": statistics.median(one[0] / one[1] for one in rounds),
        "ratio_without_rich": statistics.median(one[0] / one[2] for one in rounds),
        "rounds": given.pairs,
    }
    print(served.table([[key, value] for key, value in result.items()]))
    print(json.dumps(served.machine()))


if __name__ == "__main__":
    main()
