"""Characters that nothing which writes UTF-8 takes. Pure."""

from __future__ import annotations


def spelled(text: str) -> str:
    """`text` as files, tables and URLs take it: NUL, and half of a character (a surrogate without its other half, which
    JSON can bring as `\\ud800`), are spelled out. Text without them comes back as the same object."""
    if "\0" in text:
        text = text.replace("\0", "\\x00")
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="backslashreplace").decode()
    return text
