"""The `tresen` command as a terminal runs it, in processes that are forked where its modules are loaded already.

Loading them takes longer than most journeys: two hundred shops would wait for it, one after another.
"""

from __future__ import annotations

import gc
import io
import multiprocessing
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import closing, suppress
from multiprocessing.connection import Connection
from pathlib import Path

import app

NURSERY = multiprocessing.get_context("forkserver")
NURSERY.set_forkserver_preload([__name__])
gc.freeze()  # what is loaded stays shared: no collection writes into its pages


class Command:
    """`tresen` with these words, this environment and that working directory.

    `told` is its standard input; its standard output is a pipe, its errors go where those of the test go.
    """

    def __init__(self, words: tuple[str, ...], environment: Mapping[str, str], place: Path, told: str = "") -> None:
        heard, said = NURSERY.Pipe(duplex=False)
        with closing(heard), closing(said), closing(Connection(os.dup(2), readable=False)) as errors:
            self._process = NURSERY.Process(target=_run, args=(words, dict(environment), place, told, said, errors))
            self._process.start()
            self.stdout = os.fdopen(os.dup(heard.fileno()), encoding="utf-8")

    def send_signal(self, which: signal.Signals) -> None:
        """Nothing where it has ended already."""
        if self._process.pid is not None and self._process.exitcode is None:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, which)

    def wait(self, patience: float) -> int:
        """The exit status, negative for a signal. Raises TimeoutError after `patience` seconds, and ends it then."""
        with self.stdout:
            self._process.join(patience)
            status = self._process.exitcode
            if status is None:
                self._process.kill()
                raise TimeoutError(f"tresen did not end within {patience} seconds.")
            return status


def _run(
    words: tuple[str, ...], environment: dict[str, str], place: Path, told: str, said: Connection, errors: Connection
) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(place)
    for ours, usual in ((said, 1), (errors, 2)):
        with closing(ours):
            os.dup2(ours.fileno(), usual)
    sys.stdin = io.StringIO(told)
    sys.exit(app.main(words))
