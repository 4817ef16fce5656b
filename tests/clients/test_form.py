"""A body of several parts: its length is known before it is sent, and it can be sent once more."""

from __future__ import annotations

from cmkmigrate.clients.form import Form


def test_it_knows_its_length() -> None:
    form = Form({"a": "ä"}, [b"x" * 10])
    assert len(form) == sum(len(block) for block in form)


def test_it_is_sent_once_more_as_a_whole() -> None:
    form = Form({"a": "1"}, [b"one", b"", b"two"])
    first = b"".join(form)
    assert b"onetwo" in first and form.read() == b""
    form.rewind()
    assert b"".join(form) == first


def test_its_lines_are_those_of_the_content_that_are_long_enough_to_be_known_again() -> None:
    form = Form({"path": "/not/of/the/content"}, [b"short\n  a line that ", b"is long  \n\xff another long line\n"])
    assert form.lines() == ["a line that is long", "another long line"]
