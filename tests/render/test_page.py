"""What all pages have in common: nothing missing goes unseen, nothing of a record becomes HTML."""

from __future__ import annotations

import json

import pytest

from cmkmigrate.render.page import embedded, rendered
from tests.render.test_report import EVIL, record


def test_a_value_that_is_not_given_is_an_error() -> None:
    from jinja2 import TemplateError

    with pytest.raises(TemplateError):
        rendered("report.html", "report.css", record=record(), filters={})


@pytest.mark.parametrize("text", EVIL)
def test_the_data_close_no_tag(text: str) -> None:
    found = embedded({"name": text})
    assert not set("<>&") & set(found) and json.loads(found) == {"name": text}
