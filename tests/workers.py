"""Trials side by side: each worker has a folder, a sandbox and a launcher of its own, and takes the next trial."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol, TypeVar

from tests.harness import Launcher, Sandbox


class Failing(Protocol):
    """A trial that keeps what it broke with."""

    error: BaseException | None


T = TypeVar("T", bound=Failing)


def side_by_side(
    trials: Iterable[T],
    folders: Iterable[Path],
    sandbox: Callable[[Path], Sandbox],
    do: Callable[[T, Sandbox, Launcher, Path], None],
    told: Callable[[T], None],
) -> None:
    """Carry out every trial, one worker to a folder. do: what it raises is kept in the trial; told: after each."""
    waiting: queue.SimpleQueue[T] = queue.SimpleQueue()
    for trial in trials:
        waiting.put(trial)

    def work(place: Path) -> None:
        box, launcher = sandbox(place), Launcher()
        try:
            while True:
                try:
                    trial = waiting.get_nowait()
                except queue.Empty:
                    return
                try:
                    do(trial, box, launcher, place)
                except BaseException as error:
                    trial.error = error
                told(trial)
        finally:
            launcher.close()
            box.close()

    threads = [threading.Thread(target=work, args=(folder,)) for folder in folders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
