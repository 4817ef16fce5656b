"""Every run of pytest writes down what the sandboxes are asked and answer, and ends with the verdict on it.

The exchanges are those of all processes that serve (`SANDBOX_EXCHANGES` is inherited), the judge is `tests.evidence`.
It speaks once, in the process that pytest was started as, when every worker is done. What the run saw is left in the
cache directory for `python -m tests.evidence.table`.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

VARIABLE = "SANDBOX_EXCHANGES"


class Evidence:
    """The plugin of the process that pytest was started as."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.given = os.environ.get(VARIABLE)
        self.folder = Path(self.given or tempfile.mkdtemp(prefix="cmkmigrate-exchanges-"))
        os.environ[VARIABLE] = str(self.folder)
        self.lines: list[str] = []
        self.bad = False

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Judge; a run that was good until here ends as failed where something is not as the vendors define it."""
        _flush()
        if not any(self.folder.glob("*.jsonl")):
            return
        from tests.evidence import report

        whole = self._whole(session)
        self.lines, self.bad = report.report(self.folder, whole=whole)
        if self.bad and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _whole(self, session: pytest.Session) -> bool:
        """Whether everything ran, and well: only then can it be said that an exception was not needed."""
        option, usual = self.config.option, [str(word) for word in self.config.getini("addopts")]
        narrowed = (option.keyword, option.deselect, option.ignore, option.ignore_glob, option.collectonly)
        return (
            self.config.args_source == pytest.Config.ArgsSource.TESTPATHS
            and usual[usual.index("-m") + 1] == option.markexpr
            and not any(narrowed)
            and not getattr(option, "lf", False)
            and session.exitstatus == pytest.ExitCode.OK
        )

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.lines:
            terminalreporter.section("evidence", red=self.bad, green=not self.bad)
            for line in self.lines:
                terminalreporter.write_line(line, red=self.bad and line.startswith("FAILED"))

    def pytest_unconfigure(self) -> None:
        if self.given is None:
            os.environ.pop(VARIABLE, None)
            cache = getattr(self.config, "cache", None)
            if cache is not None and any(self.folder.glob("*.jsonl")):
                kept = cache.mkdir("evidence")
                shutil.rmtree(kept, ignore_errors=True)
                shutil.copytree(self.folder, kept, dirs_exist_ok=True)
            shutil.rmtree(self.folder, ignore_errors=True)


def _flush() -> None:
    """Write the counts of sandboxes in this very process."""
    module = sys.modules.get("cmkmigrate.sandbox.exchanges")
    made = module.opened() if module is not None else None
    if made is not None:
        made.flush()


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Evidence(config), "evidence")


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workerinput"):
        _flush()
