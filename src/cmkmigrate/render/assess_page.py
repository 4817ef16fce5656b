"""An assessment as one HTML page that needs nothing else: no script, nothing remote, everything escaped.

The same data stand in the page as JSON (`<script type="application/json">`, which no browser runs).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from importlib import resources
from typing import Any, Final

from cmkmigrate.render.assess import FEATURES, NO_SIGN, needing, owner, size
from cmkmigrate.render.audit_page import SIGNS as VERDICTS
from cmkmigrate.render.audit_page import STYLE, WORDS
from cmkmigrate.render.report import embedded
from cmkmigrate.render.text import plain

TEMPLATE: Final = "assess.html"
MORE: Final = "assess.css"  # besides the style of the audit's page
# A sign and a word for each remedy: colour only repeats them.
SIGNS: Final = {
    "none": ("✓", "good", "all three features are under a healthy key of your own"),
    "in place": ("↻", "bad", "the keys can be switched on where the workspace is"),
    "mend": ("!", "bad", "the keys are on, and one of them, or its vault, is to be mended"),
    "migrate": ("→", "bad", "a named reason asks for a new workspace"),
    "not eligible": ("–", "bad", "the kind of workspace does not offer it"),
    "exception": ("○", "set", "accepted by a person until a day"),
    "unknown": ("?", "bad", "nobody can tell; something is to be found out first"),
}


def page(record: Mapping[str, Any]) -> str:
    """The page for what assess/record.py gave."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    folder = resources.files("cmkmigrate.render") / "templates"
    style = "".join((folder / name).read_text("utf-8") for name in (STYLE, MORE))
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"plain": plain, "words": WORDS.__getitem__, "size": size, "owner": owner}
    template = environment.from_string((folder / TEMPLATE).read_text("utf-8"))
    return template.render(
        record=record,
        style=Markup(style),
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        data=Markup(embedded(record)),
        features=FEATURES,
        signs=SIGNS,
        verdicts=VERDICTS,
        needing=needing(record),
        no_sign=NO_SIGN,
        left=[one for one in record["workspaces"] if one["needs"]],
        sized=[one for one in record["workspaces"] if one["size"]["kinds"] or one["size"]["left"]],
    )
