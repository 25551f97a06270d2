"""Runs PDF work in children of this process: started on demand, limited, killed when they overstay.

Import this module anywhere; pikepdf and fpdf2 are loaded in the child alone. What is a child's
process starts in main().
"""

import asyncio
import os
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import NoneType
from typing import TypeVar

import msgspec

from pdfkit.outcome import (
    Cause,
    Inspection,
    Letter,
    Picture,
    PictureCause,
    PictureRefused,
    Previewed,
    Report,
    StampFailed,
    Style,
    partial_path,
)
from pdfkit.paper import PDF_NAME, Paper, PaperCause, PaperRefused, Printed
from pdfkit.wire import (
    Answer,
    DocumentArguments,
    InspectArguments,
    Issued,
    LetterArguments,
    PreviewArguments,
    RedrawArguments,
    Redrawn,
    Request,
    StampArguments,
)

_Result = TypeVar("_Result")

_CHILDREN = 2
# For glibc: it would give the room of each large stream back to the system and ask for it anew, page by page, which
# takes longer than copying the stream (mallopt(3)). The most that a child holds is the same.
_ALLOCATION = {
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(128 * 2**20),
    "MALLOC_TOP_PAD_": str(16 * 2**20),
}
_JOBS_PER_CHILD = 200  # then a fresh one: whatever a library leaks ends with it
_ROOT = Path(__file__).parents[1]


class Child:
    """At most two children, one job at a time each.

    `command` starts a process that calls main(); `idle_seconds` after its last job a child ends;
    a job that takes longer than `timeout_seconds`, starting included, dies with its child; `fonts` is a
    folder in which to look for characters that the shipped fonts lack.
    """

    def __init__(
        self,
        command: Sequence[str] | None = None,
        idle_seconds: float = 300,
        timeout_seconds: float = 30,
        fonts: Path | None = None,
    ) -> None:
        self._command = tuple(command or (sys.executable, "-P", "-m", "pdfkit.child"))
        self._idle_seconds = idle_seconds
        self._timeout_seconds = timeout_seconds
        self._environment = {"PATH": os.defpath, "LANG": "C.UTF-8", "PYTHONPATH": str(_ROOT), **_ALLOCATION}
        self.fonts = fonts
        if fonts:
            self._environment["PDFKIT_FONTS"] = str(fonts)  # read by faces.py
        self._free = asyncio.Semaphore(_CHILDREN)
        self._resting: list[_Process] = []
        self._working: set[_Process] = set()
        # Since the start: what was done and how it ended, and how long each kind took in all, waiting included.
        self.jobs: Counter[tuple[str, str]] = Counter()
        self.seconds: defaultdict[str, float] = defaultdict(float)

    async def stamp(
        self, source: Path, target: Path, text: str, style: Style, unclosed: tuple[int, ...] | None = None
    ) -> Report:
        """As watermark.stamp(), with StampFailed for a time-out or a crash as well."""
        arguments = StampArguments(_absolute(source), _absolute(target), text, style, unclosed)
        return await self._run("stamp", arguments, Report, target)

    async def preview(self, source: Path | None, target: Path, text: str, style: Style) -> Previewed:
        """As preview.draw(), with StampFailed for a time-out or a crash as well."""
        arguments = PreviewArguments(_absolute(source) if source else None, _absolute(target), text, style)
        return await self._run("preview", arguments, Previewed, target)

    async def inspect(self, path: Path) -> Inspection:
        """As inspect.inspect(); a time-out or a crash is a cause like any other."""
        try:
            return await self._run("inspect", InspectArguments(_absolute(path)), Inspection)
        except StampFailed as failed:
            return Inspection(0, "none", False, False, "", False, failed.cause, ())

    async def letter(self, letter: Letter, target: Path) -> None:
        """As letter.draw(). StampFailed for a time-out or a crash; then what lies at the target is nothing whole."""
        await self._run("letter", LetterArguments(letter, _absolute(target)), NoneType)

    async def redraw(self, source: Path, target: Path) -> Picture:
        """As pictures.redraw(), with PictureRefused(damaged) for a time-out or a crash as well."""
        arguments = RedrawArguments(_absolute(source), _absolute(target))
        try:
            redrawn = await self._run("redraw", arguments, Redrawn)
        except StampFailed as failed:
            raise PictureRefused(PictureCause.DAMAGED, str(failed)) from failed
        if redrawn.picture is None:
            raise PictureRefused(redrawn.cause or PictureCause.DAMAGED, redrawn.detail)
        return redrawn.picture

    async def document(self, paper: Paper, folder: Path) -> Printed:
        """As documents.issue(), with PaperRefused for a time-out or a crash as well; then no file is whole."""
        arguments = DocumentArguments(paper, _absolute(folder))
        try:
            issued = await self._run("document", arguments, Issued, folder / PDF_NAME)
        except StampFailed as failed:
            cause = PaperCause.TIMEOUT if failed.cause is Cause.TIMEOUT else PaperCause.CRASHED
            raise PaperRefused(cause, failed.detail) from failed
        if issued.printed is None:
            raise PaperRefused(issued.cause or PaperCause.CRASHED, issued.detail)
        return issued.printed

    async def close(self) -> None:
        """End every child; jobs at work fail as crashed. The next job would start a new child."""
        processes = [*self._resting, *self._working]
        self._resting.clear()
        await asyncio.gather(*(process.ended() for process in processes))

    async def _run(
        self, job: str, arguments: msgspec.Struct, kind: type[_Result], target: Path | None = None
    ) -> _Result:
        with self._counted(job):
            async with self._free:
                try:
                    async with asyncio.timeout(self._timeout_seconds):
                        answer = await self._answer(job, arguments, target)
                except TimeoutError as error:
                    raise StampFailed(Cause.TIMEOUT, f"{job} took longer than {self._timeout_seconds} s") from error
            return _result(answer, kind)

    @contextmanager
    def _counted(self, job: str) -> Iterator[None]:
        began, ended = time.monotonic(), "done"
        try:
            yield
        except StampFailed as failed:
            ended = failed.cause.value
            raise
        except BaseException:
            ended = "broken off"
            raise
        finally:
            self.jobs[job, ended] += 1
            self.seconds[job] += time.monotonic() - began

    async def _answer(self, job: str, arguments: msgspec.Struct, target: Path | None) -> Answer:
        process = self._rested() or await _Process.started(self._command, self._environment)
        self._working.add(process)
        try:
            answer = await process.ask(job, arguments)
        except BaseException:  # cancelled, too: a late answer must not reach the next job
            await _discard(process, target)
            raise
        finally:
            self._working.discard(process)
        self._rest(process)
        return answer

    def _rested(self) -> "_Process | None":
        while self._resting:
            process = self._resting.pop()
            if process.is_alive:
                return process
        return None

    def _rest(self, process: "_Process") -> None:
        if process.jobs >= _JOBS_PER_CHILD:
            process.kill()
            return
        self._resting.append(process)
        process.idle = asyncio.get_running_loop().call_later(self._idle_seconds, self._end, process)

    def _end(self, process: "_Process") -> None:
        if process in self._resting:
            self._resting.remove(process)
            process.kill()


class _Process:
    """One child at the other end of two pipes."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.jobs = 0
        self.idle: asyncio.TimerHandle | None = None
        self.pid = process.pid
        self._process = process

    @classmethod
    async def started(cls, command: Sequence[str], environment: Mapping[str, str]) -> "_Process":
        """In a session of its own, so that it can be killed with whatever it started."""
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
                env=environment,
            )
        except OSError as error:
            raise StampFailed(Cause.CRASHED, f"{command[0]} does not start: {error}") from error
        return cls(process)

    async def ask(self, job: str, arguments: msgspec.Struct) -> Answer:
        """Raises StampFailed(crashed) if the child dies or answers something else."""
        if self.idle:
            self.idle.cancel()
        self.jobs += 1
        request = Request(self.jobs, job, msgspec.Raw(msgspec.json.encode(arguments)))
        sending, receiving = self._process.stdin, self._process.stdout
        if not sending or not receiving:
            raise StampFailed(Cause.CRASHED, "no pipes")
        try:
            sending.write(msgspec.json.encode(request) + b"\n")
            await sending.drain()
            answer = msgspec.json.decode(await receiving.readline(), type=Answer)
        except (OSError, ValueError) as error:  # a closed pipe; nothing, garbage or too much to read
            raise StampFailed(Cause.CRASHED, f"{job}: {error}") from error
        if answer.id != request.id:
            raise StampFailed(Cause.CRASHED, f"{job}: answered another question")
        return answer

    @property
    def is_alive(self) -> bool:
        """Asked of the system: that a child died is told to the loop later than it happened."""
        try:
            gone = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:  # and somebody has taken note of it
            return False
        return gone is None

    async def ended(self) -> None:
        """Kill it and wait until it is gone."""
        self.kill()
        await self._process.wait()

    def kill(self) -> None:
        """At once, with its whole session."""
        if self.idle:
            self.idle.cancel()
        if self.is_alive:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)


async def _discard(process: _Process, target: Path | None) -> None:
    """End a child in the middle of its work, and remove what it had begun to write."""
    try:
        await process.ended()
    finally:
        if target:
            partial_path(target, process.pid).unlink(missing_ok=True)


def _absolute(path: Path) -> str:
    return str(path.absolute())


def _result(answer: Answer, kind: type[_Result]) -> _Result:
    if answer.failed:
        raise StampFailed(answer.failed, answer.detail)
    if answer.errno is not None:
        raise OSError(answer.errno, answer.detail)
    if answer.refused is not None:
        raise ValueError(answer.refused)
    return msgspec.json.decode(answer.result, type=kind)


def main() -> None:
    """What the child runs; a frozen program calls this when it was started as a child."""
    from pdfkit import jobs  # the libraries are loaded here, and only here

    jobs.serve()


if __name__ == "__main__":
    main()
