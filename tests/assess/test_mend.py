"""What mends each cause: the audit's command, and the rights that it takes."""

from __future__ import annotations

from cmkmigrate.assess.mend import HSM_WRITE, needs, once, steps
from cmkmigrate.assess.model import Step
from cmkmigrate.audit.model import DEGRADED, UNKNOWNS, Cause, Feature, Row, Verdict

ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Databricks/workspaces/w"


def row(code: str, remedy: str = "az x", feature: Feature = Feature.DBFS_ROOT) -> Row:
    return Row("s", ID, "w", "r", "p", feature, Verdict.DEGRADED, causes=(Cause(code, "text", remedy),))


def test_each_degraded_cause_has_the_command_of_the_audit() -> None:
    for code in DEGRADED:
        assert steps(row(code)) == [Step(code, "dbfs_root: text", "az x")]


def test_a_plan_comes_before_an_apply() -> None:
    (one,) = steps(row("version-behind", "cmkmigrate apply enable-in-place -p workspace=x"))
    assert one.command == "cmkmigrate plan enable-in-place -p workspace=x"


def test_what_is_unknown_says_how_it_is_found_out() -> None:
    for code in UNKNOWNS:
        (one,) = steps(row(code))
        assert one.code == code and len(one.text) > len("dbfs_root: text; ") and one.command == "az x"
    assert steps(row("no-key")) == [] == steps(row("exception"))


def test_the_rights_that_a_mend_takes() -> None:
    """A cause without any is mended by a change of the workspace, or in a vault that is not in sight."""
    without = {code for code in DEGRADED if not needs(code, True)}
    assert without <= {"key-unfit", "hsm-inactive"}
    assert needs("no-grant", True) != needs("no-grant", False)
    assert {data for code in DEGRADED for _, _, data in needs(code, True)} == {True, False}


def test_the_same_command_stands_once() -> None:
    found = once([Step("a", "x", "c"), Step("a", "y", "c"), Step("b", "x", "c"), Step("a", "x"), Step("a", "y")])
    assert [(one.code, one.text) for one in found] == [("a", "x"), ("b", "x"), ("a", "x"), ("a", "y")]


def test_the_rights_on_a_managed_hsm() -> None:
    """Azure's rights change the HSM itself; its keys and local roles they do not reach."""
    assert needs("no-purge-protection", True, hsm=True) == needs("firewall", False, hsm=True) == (HSM_WRITE,)
    assert needs("no-grant", True, hsm=True) == needs("key-disabled", True, hsm=True) == ()
