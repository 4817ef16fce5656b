"""HTML pages that need nothing else: no script, nothing remote, everything escaped, their own style and no other.

The same data stand in each page as JSON (`<script type="application/json">`, which no browser runs).
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Mapping
from importlib import resources
from typing import Any

from cmkmigrate.render.text import plain


def rendered(
    template: str,
    *styles: str,
    record: Mapping[str, Any],
    filters: Mapping[str, Callable[..., Any]],
    **values: Any,
) -> str:
    """The page of a template for a record; both are files of this package. A value that is not given is an error."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    folder = resources.files("cmkmigrate.render") / "templates"
    style = "".join((folder / name).read_text("utf-8") for name in styles)
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"plain": plain, **filters}
    return environment.from_string((folder / template).read_text("utf-8")).render(
        record=record,
        style=Markup(style),
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        data=Markup(embedded(record)),
        **values,
    )


def embedded(value: Any) -> str:
    """JSON that is safe inside HTML."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), default=str)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
