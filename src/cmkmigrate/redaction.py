"""What looks like a secret, taken out of words that others have written: a service's refusal quotes what it was sent, a
library's error what it was given. Pure.

What moves is not touched: this is for what is said, logged and kept. A secret of a secret scope is never in such words
(kinds/databricks/secrets.py); what people have put into the configuration of compute, or into a notebook, may be.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

from cmkmigrate.characters import spelled

HIDDEN: Final = "(hidden)"
LONGEST: Final = 200_000  # characters of words; what comes after them is left out
_LEAST: Final = 6  # characters of a value that is looked for; shorter ones are in every sentence
_WORDS: Final = (
    r"(?:password|passwd|pwd|secret|token|credential|sas|signature|authorization"
    r"|(?:account|access|api|shared|subscription)[_.-]?key)"
)
_NAMED: Final = re.compile(_WORDS, re.IGNORECASE)
# By its form. Tokens: the vendor's pages on personal access tokens (dapi and 32 hex digits), RFC 7519; a shared access
# signature's `sig`; a storage account's key (64 bytes); a client secret of Entra (four characters before `Q~`).
_FORMS: Final = re.compile(
    r"(?P<dapi>\b(?:dapi|dkea|dose)[0-9a-fA-F]{8,}(?:-\d+)?)"
    r"|(?P<jwt>\beyJ[\w-]{8,}(?:\.[\w-]*){1,2})"
    r"|(?P<storage>(?<![\w+/])[A-Za-z0-9+/]{86}==)"
    r"|(?P<entra>\b[\w~.-]{3}\dQ~[\w~.-]{20,})"
)
_AFTER: Final = re.compile(
    r"(?P<before>\b(?:sig|st=[^&\s]*&sig)=|\b(?:Bearer|Basic)\s+|://[^\s/:@]*:)(?P<value>(?!\(hidden\))[^\s\"'&\\<>@]{4,})",
    re.IGNORECASE,
)
_PAIR: Final = re.compile(
    rf"(?P<before>{_WORDS}[\w.-]{{0,60}}(?:\\*[\"'])?\s*(?:=\s*(?P<open>\\*[\"'])?|:\s*(?P<mark>\\*[\"'])))"
    r"(?P<value>(?!\(hidden\))(?(open)(?:(?!(?P=open)).)+|(?(mark)(?:(?!(?P=mark)).)+|[^\s\"'&,;\\<>}\])]+)))",
    re.IGNORECASE,
)


def without_secrets(text: str) -> str:
    """`text` without what looks like a secret by its form, or by the name that stands before it."""
    text = spelled(text[:LONGEST])
    text = _FORMS.sub(HIDDEN, text)
    text = _AFTER.sub(lambda found: f"{found['before']}{HIDDEN}", text)
    return _PAIR.sub(lambda found: f"{found['before']}{HIDDEN}", text)


def without_values(text: str, sent: Any) -> str:
    """`text` without what a request's body has under names that speak of secrets; also where it is escaped, or cut off
    at the end of the text."""
    for value in sorted(set(_values(sent)), key=len, reverse=True):
        for form in dict.fromkeys(_forms(value)):
            text = text.replace(form, HIDDEN)
            for length in range(len(form) - 1, _LEAST - 1, -1):
                if text.endswith(form[:length]):
                    text = text[:-length] + HIDDEN
                    break
    return text


def _values(sent: Any, named: bool = False) -> Iterator[str]:
    if isinstance(sent, dict):
        for name, value in sent.items():
            yield from _values(value, named or _NAMED.search(str(name)) is not None)
    elif isinstance(sent, list | tuple):
        for value in sent:
            yield from _values(value, named)
    elif named and isinstance(sent, str) and len(sent) >= _LEAST:
        yield sent


def _forms(value: str) -> Iterator[str]:
    yield value
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield repr(value)[1:-1]
    yield quote(value, safe="", errors="replace")
