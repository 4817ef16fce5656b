"""A body of several parts: its length is known before it is sent, and it can be sent once more."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cmkmigrate.clients.form import Form
from cmkmigrate.errors import Unknown


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
    assert list(form), "sent"
    assert form.lines() == ["a line that is long", "another long line"]


def test_one_whose_size_is_known_is_read_while_it_is_sent() -> None:
    read: list[bytes] = []

    def content() -> Iterator[bytes]:
        for block in (b"one line of it", b"", b" and the rest"):
            read.append(block)
            yield block

    form = Form({"a": "1"}, content(), 27)
    assert form.streamed and len(form) > 27 and not read
    blocks = list(form)
    assert sum(map(len, blocks)) == len(form) and b"one line of it and the rest" in b"".join(blocks)
    assert form.lines() == ["one line of it and the rest"]
    assert not form.rewind(), "it is gone"


@pytest.mark.parametrize("size", [0, 26, 28])
def test_another_size_ends_it_before_its_end(size: int) -> None:
    form, sent = Form({"a": "1"}, iter([b"one line of it", b" and the rest"]), size), list[bytes]()
    with pytest.raises(Unknown, match=f"another size than the {size} bytes"):
        sent.extend(iter(form.read, b""))
    assert form.boundary + "--" not in b"".join(sent).decode(), "nobody takes it for whole"


def test_a_small_one_can_be_read_ahead() -> None:
    assert not Form({}, [b"x"]).streamed and Form({}, [b"x"]).rewind()
