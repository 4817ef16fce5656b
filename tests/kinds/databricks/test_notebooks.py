from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from cmkmigrate.errors import Refused
from cmkmigrate.kinds.databricks.ipynb import NOTEBOOK, OUTPUT, rich_part
from cmkmigrate.kinds.databricks.notebooks import EXPORT, IMPORT, Notebooks
from cmkmigrate.model import Entry
from tests.kinds.fake_site import FakeSite, content, entries, tree

KIND = Notebooks()
SOURCE = b"# Databricks notebook source\r\nprint('caf\xe9')"


def ipynb(cells: list[dict[str, Any]], **own: Any) -> bytes:
    return json.dumps({"cells": cells, "metadata": {NOTEBOOK: own}, "nbformat": 4, "nbformat_minor": 0}).encode()


def site_with(notebook: bytes) -> FakeSite:
    site = tree(FakeSite(), {"path": "/n", "object_type": "NOTEBOOK", "language": "SQL", "modified_at": 7})
    for form, data in (("SOURCE", SOURCE), ("JUPYTER", notebook)):
        site.on(EXPORT, {"content": base64.b64encode(data).decode()}, format=form)
    return site


def test_the_listing_says_the_version() -> None:
    (found,) = entries(KIND, site_with(b"{}"))
    assert (found.id, found.key, found.hint, found.of) == ("1", "/n", "1:7", ("directories", "/"))


def test_code_alone_travels_as_source_byte_for_byte() -> None:
    site = site_with(ipynb([{"cell_type": "code", "outputs": [], "source": "x"}], widgets={}, dashboards=[]))
    (found,) = entries(KIND, site)
    asset = KIND.load(site, found)
    assert asset.body == {"path": "/n", "format": "SOURCE", "language": "SQL"}
    assert content(asset) == SOURCE
    assert b"".join(KIND.proof(site, asset)) == SOURCE
    KIND.create(site, asset)
    ((method, path, body),) = site.written
    assert (method, path, body["format"], body["language"], body["overwrite"]) == (
        "POST",
        IMPORT,
        "SOURCE",
        "SQL",
        False,
    )
    assert base64.b64decode(body["content"]) == SOURCE


def test_results_travel_as_jupyter_and_count_in_the_proof() -> None:
    rich = ipynb([{"cell_type": "code", "outputs": [{"output_type": "stream", "text": ["a\n", "b"]}], "source": "x"}])
    site = site_with(rich)
    asset = KIND.load(site, entries(KIND, site)[0])
    assert asset.body is not None and asset.body["format"] == "JUPYTER"
    assert content(asset) == rich
    proof = b"".join(KIND.proof(site, asset))
    assert proof.startswith(SOURCE) and b"a\\nb" in proof
    KIND.update(site, asset, asset)
    assert site.written[0][2]["overwrite"] is True and "language" not in site.written[0][2]


def test_a_notebook_over_the_limit_passes_the_service_s_words_on() -> None:
    site = site_with(b"{}").on(EXPORT, Refused("Size exceeds 10485760 bytes", status=400), format="JUPYTER")
    with pytest.raises(Refused, match="Size exceeds 10485760"):
        KIND.load(site, Entry("1", "/n"))


def test_without_a_walk_the_language_is_asked_for() -> None:
    site = site_with(b"{}").on("/api/2.0/workspace/get-status", {"language": "R"}, path="/n")
    assert (KIND.load(site, Entry("1", "/n")).body or {})["language"] == "R"


def test_after_an_update_the_language_is_asked_for_again() -> None:
    """A notebook whose language changed in the source was written again and again, and called different for ever."""
    site = site_with(b"{}").on("/api/2.0/workspace/get-status", {"language": "R"}, path="/n")
    asset = KIND.load(site, entries(KIND, site)[0])
    assert (asset.body or {})["language"] == "SQL"
    KIND.update(site, asset, asset)
    assert (KIND.load(site, Entry("1", "/n")).body or {})["language"] == "R"


def output(**more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": "x", "outputs": [{"output_type": "display_data", **more}]}


@pytest.mark.parametrize(
    "notebook",
    [
        ipynb([output(data={"text/plain": "1"})]),
        ipynb([{"cell_type": "markdown", "source": "x", "attachments": {"a.png": {"image/png": "AA"}}}]),
        ipynb([], widgets={"w": {"currentValue": "1", "nuid": "n"}}),
        ipynb([], dashboards=[{"title": "d"}]),
    ],
)
def test_what_makes_a_notebook_rich(notebook: bytes) -> None:
    assert rich_part(notebook)


@pytest.mark.parametrize(
    "notebook", [b"", b"[]", b"not json", ipynb([]), ipynb([{"cell_type": "code", "outputs": []}])]
)
def test_what_does_not(notebook: bytes) -> None:
    assert rich_part(notebook) == b""


def test_the_canonical_form_forgets_the_run_and_keeps_the_result() -> None:
    def run(count: int, text: Any, at: int) -> bytes:
        return rich_part(
            ipynb([output(execution_count=count, data={"text/plain": text}, metadata={OUTPUT: {"startTime": at}})])
        )

    assert run(1, ["a\n", "b"], 5) == run(2, "a\nb", 9)
    assert run(1, "a", 5) != run(1, "b", 5)
