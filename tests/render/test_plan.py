"""A plan for people: counts, reasons, what cannot be moved; and that nothing is left out in silence."""

from __future__ import annotations

import json

from cmkmigrate.model import Action, Do
from cmkmigrate.render import plan as render
from cmkmigrate.render.plan import Head, Totals

HEAD = Head("book", "from", "to")
ACTIONS = [
    Action("vault", "key_vaults", "g/v", Do.CREATE, "v"),
    *(Action("contents", "notebooks", f"/n{number:02}", Do.CREATE, f"/n{number:02}") for number in range(30)),
    Action("contents", "jobs", "7", Do.UPDATE, "nightly", "differs in name", ("name",)),
    Action("contents", "jobs", "8", Do.REPLACE, "hourly", "differs in type", ("type",)),
    Action("contents", "jobs", "9", Do.DELETE, "old", "shall not be there"),
    Action("contents", "jobs", "10", Do.KEEP, "same", "already there, and equal"),
    Action("contents", "jobs", "11", Do.BLOCK, "lost", "refers to nothing", notes=("a warning",)),
    Action("contents", "jobs", "12", Do.EXCLUDED, "left", "excluded by the playbook"),
    *(Action("contents", "mlflow", f"{number}", Do.UNSUPPORTED, "", "not moved") for number in range(25)),
]


def shown() -> str:
    return "\n".join(render.table(HEAD, ACTIONS, Totals(), {"key": "there is one"}, ["40 cores"]))


def test_the_table() -> None:
    text = shown()
    for line in (
        "book: from -> to",
        "  key_vaults               + 1   v",
        "  notebooks                + 30",
        "    ~ nightly (7): update, differs in name",
        "    ~ hourly (8): replace, differs in type",
        "    - old (9): delete, shall not be there",
        "Step key: left out (there is one)",
        "  ! jobs (1): refers to nothing",
        "  ! mlflow (25): not moved",
        "      ... and 5 more (-o jsonl has them all)",
        "  jobs lost (11): a warning",
        "  40 cores",
    ):
        assert line in text.splitlines()
    assert text.splitlines()[-1] == (
        "Plan: 31 to create, 3 to change, 1 to keep, 1 blocked, 1 excluded, 25 unsupported"
    )


def test_every_sort_that_is_not_moved_has_a_section() -> None:
    text = shown()
    assert [text.count(f"\n{title}\n") for title in ("Blocked", "Cannot be migrated", "Excluded", "Warnings")] == [
        1
    ] * 4


def test_the_other_formats_have_everything() -> None:
    totals = Totals()
    document = json.loads("\n".join(render.document(HEAD, ACTIONS, totals, {}, [])))
    assert len(document["actions"]) == len(ACTIONS)
    assert document["counts"] == totals.as_dict()
    assert sum(totals.as_dict().values()) == len(ACTIONS)
    assert totals.changes == 34
    assert len(list(render.csv(ACTIONS, Totals()))) == len(ACTIONS) + 1
    assert len(list(render.lines(HEAD, ACTIONS, Totals(), {}, []))) == len(ACTIONS) + 1


UNVERIFIED = {"key_vaults": ("that names are free", "that vaults are quick"), "mlflow": ("nothing of it is written",)}


def test_what_the_steps_rest_on_has_a_section_of_its_own() -> None:
    text = list(render.table(HEAD, ACTIONS, Totals(), {}, [], UNVERIFIED))
    at = next(number for number, line in enumerate(text) if line.startswith("Rests on what nobody has confirmed"))
    assert text[at - 1 : at + 4] == [
        "",
        text[at],
        "  key_vaults: that names are free",
        "  key_vaults: that vaults are quick",
        "",
    ]
    assert text[at + 4].startswith("Plan: ")


def test_only_what_is_written_rests_on_anything() -> None:
    kept = [Action("vault", "key_vaults", "g/v", Do.KEEP, "v"), Action("vault", "jobs", "1", Do.CREATE, "j")]
    assert "Rests on" not in "\n".join(render.table(HEAD, kept, Totals(), {}, [], UNVERIFIED))
    assert json.loads("\n".join(render.document(HEAD, kept, Totals(), {}, [], UNVERIFIED)))["unverified"] == []


def test_the_other_formats_say_what_the_steps_rest_on() -> None:
    wanted = [{"kind": "key_vaults", "fact": fact} for fact in UNVERIFIED["key_vaults"]]
    document = json.loads("\n".join(render.document(HEAD, ACTIONS, Totals(), {}, [], UNVERIFIED)))
    assert document["unverified"] == wanted
    last = list(render.lines(HEAD, ACTIONS, Totals(), {}, [], UNVERIFIED))[-1]
    assert json.loads(last)["unverified"] == wanted


def test_an_empty_plan() -> None:
    assert list(render.table(HEAD, [], Totals(), {}, []))[-1].startswith("Plan: 0 to create")


def test_acls_of_what_is_blocked_are_one_group() -> None:
    why = "notebooks '/a' is not in the target: refers to nothing"
    acls = [Action("contents", "permissions", f"notebooks:/{one}", Do.BLOCK, "", f"{why} {one}") for one in "ab"]
    assert "  ! permissions (2): what they belong to is not moved" in list(render.table(HEAD, acls, Totals(), {}, []))
