"""Where a run stands, as table, JSON or JSON lines. Takes it as a plain mapping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cmkmigrate.model import State
from cmkmigrate.render.events import stamp
from cmkmigrate.render.left import said, time_left
from cmkmigrate.render.result import named
from cmkmigrate.render.text import csv_lines, plain, plural
from cmkmigrate.render.text import table as columns

STATES: Final = tuple(str(state) for state in State)
NAMED: Final = 10


def table(standing: Mapping[str, Any]) -> Iterator[str]:
    """The standing for people."""
    yield f"Run {standing['run']} in {plain(standing['directory'])}, pass {standing['number']}"
    yield f"Source: {plain(standing['source'])}"
    yield f"State: {state_line(standing)}"
    yield from _hand(standing)
    yield ""
    there = {state for kinds in standing["numbers"].values() for numbers in kinds.values() for state in numbers}
    used = [state for state in STATES if state in there]
    rows = []
    for step, (state, _) in standing["steps"].items():
        kinds = standing["numbers"].get(step, {})
        if not kinds:
            rows.append((step, state, "", *("" for _ in used)))
        for kind, numbers in kinds.items():
            rows.append((step, state, kind, *(numbers.get(one, "") for one in used)))
    yield from columns(("step", "is", "kind", *("unknown" if one == State.INTENT else one for one in used)), rows)
    for step, (state, reason) in standing["steps"].items():
        if state == "skipped":
            yield f"{step}: left out ({plain(reason)})"
    yield from _waiting(standing)


def state_line(standing: Mapping[str, Any]) -> str:
    """Finished, at work, paused, or stopped."""
    holder, hand = standing["holder"], standing["hand"]
    if holder and holder["alive"]:
        who = f"{holder['name']}, process {holder['pid']} on {holder['host']}"
        silent = f"last sign of life {holder['silent_s']:.0f} s ago"
        if hand and hand["paused_by"]:
            return f"paused by {plain(hand['paused_by'])} since {stamp(hand['paused_since'])}; {plain(who)}, {silent}"
        return f"at work: {plain(who)}, {silent}"
    if standing["finished"]:
        return f"finished {stamp(standing['finished'])}"
    gone = " (its process is gone)" if holder else ""
    return f"stopped{gone}; cmkmigrate resume {plain(standing['directory'])}"


def _hand(standing: Mapping[str, Any]) -> Iterator[str]:
    """What holds for an apply that is at work, and how fast it is."""
    hand = standing["hand"]
    if not hand:
        return
    done, total, left = standing["done"], standing["total"], left_s(standing)
    line = f"Done: {done:,} of {total:,} that are listed so far"
    if per_minute(standing):
        line += f", {per_minute(standing):,.0f} a minute"
    yield line + (f", time left for these about {said(left)}" if left else "")
    if hand["held_before"]:
        yield f"Held: before step {hand['held_before']}; cmkmigrate release {plain(standing['directory'])}"
    share = "no limit" if hand["source_share"] is None else f"{hand['source_share']:.3g} of its limits"
    yield f"Works: at most {hand['parallelism']} at once of each kind; source at {share}"
    if hand["ends"]:
        yield f"Window: until {stamp(hand['ends'])} ({plain(hand['ends_said'])})"


def left_s(standing: Mapping[str, Any]) -> float | None:
    """Seconds until what is listed so far is done, at the pace of the apply that is at work; None while unknown."""
    hand = standing["hand"]
    return hand and time_left(hand["before"], standing["done"], standing["total"], standing["worked_s"])


def per_minute(standing: Mapping[str, Any]) -> float:
    """Items that the apply at work has done in a minute, pauses not counted; 0.0 while there is nothing to count."""
    hand, worked = standing["hand"], standing["worked_s"]
    return 60.0 * max(0, standing["done"] - hand["before"]) / worked if hand and worked else 0.0


def _waiting(standing: Mapping[str, Any]) -> Iterator[str]:
    number = standing["unknown_count"]
    if number:
        late = f", which may arrive for {standing['landing_s']:.0f} s still" if standing["landing_s"] > 0 else ""
        yield ""
        yield f"{plural(number, 'write')} under way or without a known result{late}:"
        for one in standing["unknown"][:NAMED]:
            yield f"  ? {one['do']} {one['kind']} {named(one['key'], one['name'])}"
        if number > NAMED:
            yield f"    ... and {number - NAMED} more"
    if standing["events"]:
        yield ""
        yield "Last events:"
        for one in standing["events"]:
            words = (one["what"], one["step"], one["kind"], one["key"], one["state"], one["text"])
            yield f"  {stamp(one['at'])} {plain(' '.join(word for word in words if word))}"


def csv(standing: Mapping[str, Any]) -> Iterator[str]:
    """The numbers for a spreadsheet."""
    rows = (
        (step, kind, state, number)
        for step, kinds in standing["numbers"].items()
        for kind, states in kinds.items()
        for state, number in states.items()
    )
    yield from csv_lines(("step", "kind", "state", "number"), rows)
