"""PDF work in a child, and what happens when the child does not behave."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from pdfkit.child import Child
from pdfkit.outcome import Cause, Caution, StampFailed, Style
from tests.pdfkit import papers, reading
from tests.pdfkit.test_faces import a_font

STYLE = Style(font_size_pt=11, x_mm=10, y_mm=10)
ROOT = Path(__file__).parents[2]

# A child that behaves as its first argument says, until the file of its second argument exists.
MISBEHAVING = """
import json, os, sys, time
from pathlib import Path
from pdfkit.outcome import partial_path
how, cured = sys.argv[1], Path(sys.argv[2])
if cured.exists():
    from pdfkit.child import main
    main()
    sys.exit()
cured.touch()
request = sys.stdin.readline()
if how == "hangs while writing":
    target = Path(json.loads(request)["arguments"]["target"])
    partial_path(target, os.getpid()).write_bytes(b"%PDF-1.4 half of")
    time.sleep(60)
if how == "hangs":
    time.sleep(60)
if how == "babbles":
    print("Segmentation fault, thank you for asking", flush=True)
    time.sleep(60)
if how == "answers something else":
    print('{"id": 77, "result": {"pages": 1, "warnings": []}}', flush=True)
    time.sleep(60)
if how == "writes too much":
    print("x" * 1_000_000, flush=True)
    time.sleep(60)
"""


@asynccontextmanager
async def a_child(**settings):
    child = Child(**settings)
    try:
        yield child
    finally:
        await child.close()


def misbehaving(tmp_path: Path, how: str) -> list[str]:
    return [sys.executable, "-c", MISBEHAVING, how, str(tmp_path / "cured")]


def descendants() -> set[int]:
    """The living children of this process, from the system's own table."""
    lists = (path.read_text(encoding="ascii") for path in Path("/proc/self/task").glob("*/children"))
    return {int(pid) for text in lists for pid in text.split() if "pdfkit.child" in command_line(pid)}


def command_line(pid: str) -> str:
    """Empty for the dead."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")
    return ""


async def eventually(condition) -> bool:
    for _ in range(100):
        if condition():
            return True
        await asyncio.sleep(0.03)
    return False


async def test_a_stamp_from_the_child_is_a_real_stamp(tmp_path):
    source, target = papers.book(tmp_path / "in.pdf", pages=3), tmp_path / "out.pdf"

    async with a_child() as child:
        stamped = await child.stamp(source, target, "Käufer Łukasz 李", STYLE)

    assert stamped.pages == 3
    assert stamped.warnings == (Caution.CHARACTERS_REPLACED,)
    assert all("Käufer Łukasz" in words for words in reading.words(target))


async def test_a_child_draws_with_the_operators_fonts(tmp_path):
    source, target, folder = papers.sheet(tmp_path / "in.pdf"), tmp_path / "out.pdf", tmp_path / "fonts"
    folder.mkdir()
    a_font(folder / "Han-Regular.ttf", "李")

    async with a_child(fonts=folder) as child:
        stamped = await child.stamp(source, target, "Käufer 李", STYLE)

    assert stamped.warnings == ()
    assert "Käufer 李" in reading.words(target)[0]


async def test_one_child_serves_job_after_job(tmp_path):
    source = papers.sheet(tmp_path / "in.pdf")

    async with a_child() as child:
        assert descendants() == set()  # none before it is needed
        await child.inspect(source)
        first = descendants()
        for _ in range(3):
            await child.stamp(source, tmp_path / "out.pdf", "Max", STYLE)
        assert descendants() == first
        assert len(first) == 1


async def test_many_jobs_at_once_share_two_children(tmp_path):
    sources = [papers.sheet(tmp_path / f"{number}.pdf") for number in range(12)]
    targets = [tmp_path / f"{number}.out.pdf" for number in range(12)]

    async with a_child() as child:
        await asyncio.gather(
            *(
                child.stamp(source, target, f"Kunde {number}.", STYLE)
                for number, (source, target) in enumerate(zip(sources, targets, strict=True))
            )
        )
        assert len(descendants()) == 2

    assert all(f"Kunde {number}." in reading.words(target)[0] for number, target in enumerate(targets))


async def test_a_refusal_keeps_its_cause_and_the_child(tmp_path):
    bad, good = papers.html(tmp_path / "bad.pdf"), papers.sheet(tmp_path / "good.pdf")

    async with a_child() as child:
        with pytest.raises(StampFailed) as refused:
            await child.stamp(bad, tmp_path / "out.pdf", "Max", STYLE)
        before = descendants()
        inspection = await child.inspect(bad)
        await child.stamp(good, tmp_path / "out.pdf", "Max", STYLE)
        assert descendants() == before

    assert refused.value.cause is Cause.NOT_A_PDF
    assert inspection.cause is Cause.NOT_A_PDF


async def test_a_vanished_file_and_an_empty_text_are_the_callers_mistakes(tmp_path):
    async with a_child() as child:
        with pytest.raises(FileNotFoundError):
            await child.stamp(tmp_path / "none.pdf", tmp_path / "out.pdf", "Max", STYLE)
        with pytest.raises(ValueError, match="empty"):
            await child.stamp(papers.sheet(tmp_path / "in.pdf"), tmp_path / "out.pdf", " ", STYLE)


@pytest.mark.parametrize(
    ("how", "cause"),
    [
        ("hangs", Cause.TIMEOUT),
        ("dies", Cause.CRASHED),
        ("babbles", Cause.CRASHED),
        ("answers something else", Cause.CRASHED),
        ("writes too much", Cause.CRASHED),
    ],
)
async def test_after_a_child_that_misbehaves_the_next_job_gets_a_sound_one(tmp_path, how, cause):
    source, target = papers.sheet(tmp_path / "in.pdf"), tmp_path / "out.pdf"

    async with a_child(command=misbehaving(tmp_path, how), timeout_seconds=20 if how != "hangs" else 0.5) as child:
        with pytest.raises(StampFailed) as failed:
            await child.stamp(source, target, "Max", STYLE)
        assert not target.exists()
        child._timeout_seconds = 20
        await child.stamp(source, target, "Max", STYLE)

    assert failed.value.cause is cause
    assert "Max" in reading.words(target)[0]


async def test_a_hanging_inspection_is_a_cause_not_an_error(tmp_path):
    async with a_child(command=misbehaving(tmp_path, "hangs"), timeout_seconds=0.5) as child:
        inspection = await child.inspect(papers.sheet(tmp_path / "in.pdf"))

    assert inspection.cause is Cause.TIMEOUT
    assert not inspection.stampable


async def test_a_program_that_does_not_start_is_a_crash(tmp_path):
    async with a_child(command=[str(tmp_path / "nothing")]) as child:
        with pytest.raises(StampFailed) as failed:
            await child.stamp(papers.sheet(tmp_path / "in.pdf"), tmp_path / "out.pdf", "Max", STYLE)

    assert failed.value.cause is Cause.CRASHED


async def test_a_child_killed_in_the_middle_leaves_nothing_and_the_next_job_works(tmp_path):
    source, target = papers.sheet(tmp_path / "in.pdf"), tmp_path / "out.pdf"

    async with a_child(command=misbehaving(tmp_path, "hangs while writing")) as child:
        job = asyncio.create_task(child.stamp(source, target, "Max", STYLE))
        assert await eventually(lambda: any(tmp_path.glob(".out.pdf.*")))
        for pid in descendants():
            os.kill(pid, signal.SIGKILL)
        with pytest.raises(StampFailed) as failed:
            await job
        assert {path.name for path in tmp_path.iterdir()} == {"in.pdf", "cured"}
        assert (await child.stamp(source, target, "Max", STYLE)).pages == 1

    assert failed.value.cause is Cause.CRASHED


async def test_a_child_that_died_at_rest_is_not_asked_again(tmp_path):
    source = papers.sheet(tmp_path / "in.pdf")

    async with a_child() as child:
        await child.inspect(source)
        for pid in descendants():
            os.kill(pid, signal.SIGKILL)
        assert await eventually(lambda: not descendants())
        await asyncio.sleep(0.1)
        assert (await child.inspect(source)).stampable


async def test_a_cancelled_job_ends_its_child_so_that_no_answer_comes_late(tmp_path):
    source, target = papers.sheet(tmp_path / "in.pdf"), tmp_path / "out.pdf"

    async with a_child(command=misbehaving(tmp_path, "hangs while writing")) as child:
        job = asyncio.create_task(child.stamp(source, target, "Max", STYLE))
        assert await eventually(lambda: any(tmp_path.glob(".out.pdf.*")))
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job
        assert not descendants()
        assert {path.name for path in tmp_path.iterdir()} == {"in.pdf", "cured"}
        assert (await child.inspect(source)).pages == 1


async def test_an_idle_child_ends(tmp_path):
    async with a_child(idle_seconds=0.1) as child:
        await child.inspect(papers.sheet(tmp_path / "in.pdf"))
        assert descendants()
        assert await eventually(lambda: not descendants())


async def test_closing_ends_every_child(tmp_path):
    async with a_child() as child:
        await child.inspect(papers.sheet(tmp_path / "in.pdf"))

    assert not descendants()


def test_a_child_ends_with_its_parent():
    process = subprocess.Popen([sys.executable, "-m", "pdfkit.child"], cwd=ROOT, stdin=subprocess.PIPE)
    assert process.stdin

    process.stdin.close()

    assert process.wait(timeout=10) == 0


def test_a_child_works_under_limits(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "pdfkit.child"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin
    assert process.stdout
    path = papers.sheet(tmp_path / "in.pdf")
    process.stdin.write(b'{"id": 1, "job": "inspect", "arguments": {"path": "%s"}}\n' % str(path).encode())
    process.stdin.flush()
    process.stdout.readline()

    limits = Path(f"/proc/{process.pid}/limits").read_text(encoding="ascii")
    process.communicate()

    soft = {line[:26].strip(): line[26:].split()[0] for line in limits.splitlines()[1:]}
    assert soft["Max core file size"] == "0"
    assert int(soft["Max address space"]) >= 2**30
    assert 0 < int(soft["Max cpu time"]) < 120


def test_the_parent_loads_no_pdf_library(tmp_path):
    source = papers.sheet(tmp_path / "in.pdf")
    script = "import asyncio, sys; from pathlib import Path; from pdfkit.child import Child\n"
    script += "async def main():\n child = Child()\n print((await child.inspect(Path(sys.argv[1]))).stampable)\n"
    script += " await child.close()\nasyncio.run(main())\n"
    script += (
        "print(sorted({'pikepdf', 'fpdf', 'pypdfium2', 'fontTools', 'PIL', 'uharfbuzz', 'lxml'} & set(sys.modules)))"
    )

    ran = subprocess.run(
        [sys.executable, "-c", script, source], cwd=ROOT, check=True, capture_output=True, text=True, timeout=30
    )

    assert ran.stdout.splitlines() == ["True", "[]"]
    assert ran.stderr == ""


async def test_the_event_loop_is_free_while_the_child_works(tmp_path):
    source = papers.book(tmp_path / "in.pdf", pages=1000)

    async with a_child() as child:
        await child.inspect(source)
        job = asyncio.create_task(child.stamp(source, tmp_path / "out.pdf", "Max", STYLE))
        turns = 0
        while not job.done():
            await asyncio.sleep(0.001)
            turns += 1
        await job

    assert turns > 20
