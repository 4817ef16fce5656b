"""An assessment as one HTML page that needs nothing else: no script, nothing remote, everything escaped.

The same data stand in the page as JSON (`<script type="application/json">`, which no browser runs).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cmkmigrate.render.assess import FEATURES, NO_SIGN, needing, owner, size
from cmkmigrate.render.audit_page import SIGNS as VERDICTS
from cmkmigrate.render.audit_page import STYLE, WORDS
from cmkmigrate.render.page import rendered

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
    return rendered(
        TEMPLATE,
        STYLE,
        MORE,
        record=record,
        filters={"words": WORDS.__getitem__, "size": size, "owner": owner},
        features=FEATURES,
        signs=SIGNS,
        verdicts=VERDICTS,
        needing=needing(record),
        no_sign=NO_SIGN,
        left=[one for one in record["workspaces"] if one["needs"]],
        sized=[one for one in record["workspaces"] if one["size"]["kinds"] or one["size"]["left"]],
    )
