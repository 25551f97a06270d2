"""`make release-check`: whether the archive keeps its promises on a machine without Python. Run as root.

Each check is one function of CHECKS; the first that fails ends the run with one sentence.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import httpx

from demo.paypal_stand_in import CLIENT_ID, CLIENT_SECRET, paypal
from release import main_job
from release.archive import SUMS, sum_of
from release.bare import DATA, Machine, machine
from release.main_job import Wrong

ROUNDS = 5
LONGEST = 300.0  # s
DIST = Path("dist")


@dataclass(frozen=True)
class Bench:
    """The machine with the archive unpacked in it, and where its root lies for us."""

    archive: Path
    machine: Machine
    root: Path

    def seen(self, place: str) -> Path:
        return self.root / place.removeprefix("/")


def the_sums_are_those_of_the_files(bench: Bench) -> str:
    for folder in (DIST, bench.seen("/opt/tresen")):
        for line in (folder / SUMS).read_text(encoding="utf-8").splitlines():
            told, name = line.split("  ", 1)
            if sum_of(folder / name) != told:
                raise Wrong(f"{folder / name} has another sum.")
    return "every file has its sum"


def there_is_no_python_and_no_other_program(bench: Bench) -> str:
    programs = [file for file in bench.root.rglob("*") if file.is_file() and os.access(file, os.X_OK)]
    beside = [file for file in programs if file.name != "tresen" and ".so" not in file.name]
    if beside:
        raise Wrong(f"{beside[0]} is there, too.")
    return "a C library, zlib and the archive, nothing else"


def commands_work_from_any_folder(bench: Bench) -> str:
    told = bench.machine.types("version").strip()
    if not told.startswith("Tresen "):
        raise Wrong(f"version says {told}")
    return told


def a_mistake_ends_with_its_status(bench: Bench) -> str:
    try:
        bench.machine.types("link", "nobody", "1")
    except subprocess.CalledProcessError as error:
        return f"status {error.returncode} for an order that nobody knows"
    raise Wrong("The link of an order that nobody knows is no failure.")


def the_main_job_is_done_and_the_end_is_clean(bench: Bench) -> str:
    key = bench.machine.types("key", "add", "check").strip().splitlines()[-1]
    bench.machine.types("merchant", "add", "ada@example.org", told="correct horse battery\n")
    with bench.machine.serves() as served:
        shop = main_job.Shop(served.origin, key, bench.seen(f"{DATA}/files"), f"{DATA}/files")
        main_job.done(shop)
        for path in ("/admin/sign-in", "/api/docs", "/api/openapi.json", "/link"):
            if (status := httpx.get(f"{served.origin}{path}").status_code) != httpx.codes.OK:
                raise Wrong(f"{path} answers {status}.")
        memory = served.rss()
    return f"order, link, stamped file and invoice; ended by SIGTERM; {memory:.0f} MB after it"


def a_stranger_has_sold_within_five_minutes(bench: Bench) -> str:
    """From the archive as it was fetched: unpacked, started, an order with file and invoice, and a second one paid."""
    began = perf_counter()
    with machine(bench.archive) as (bare, root), paypal() as origin:
        stranger = replace(bare, environment={"TRESEN_PAYPAL_API_BASE": origin})
        key = stranger.types("key", "add", "shop").strip().splitlines()[-1]
        stranger.types("merchant", "add", "ada@example.org", told="correct horse battery\n")
        with stranger.serves() as served:
            shop = main_job.Shop(served.origin, key, root / f"{DATA}/files".removeprefix("/"), f"{DATA}/files")
            main_job.done(shop)
            main_job.paid(shop, CLIENT_ID, CLIENT_SECRET)
    if (seconds := perf_counter() - began) > LONGEST:
        raise Wrong(f"It took {seconds:.0f} s.")
    return f"{seconds:.1f} s of the machine's time"


def a_backup_is_made_and_brought_back(bench: Bench) -> str:
    bench.machine.types("backup", "/tmp/shop.tar.gz")
    elsewhere = Machine(bench.machine.enter, bench.machine.program, "/tmp/again")
    elsewhere.types("restore", "/tmp/shop.tar.gz")
    if elsewhere.types("link", "laden", "1") != bench.machine.types("link", "laden", "1"):
        raise Wrong("The link of the order is another one after the restore.")
    return "the same links"


def the_doctor_finds_nothing_wrong(bench: Bench) -> str:
    return f"{len(bench.machine.types('doctor').splitlines())} findings, none of them wrong"


def one_file_is_stamped(bench: Bench) -> str:
    place = bench.seen("/tmp")
    shutil.copyfile(bench.seen(f"{DATA}/files/muster.pdf"), place / "in.pdf")
    return bench.machine.types("stamp", "/tmp/in.pdf", "/tmp/out.pdf", "--text", "شكرا Ada").strip()


def the_demo_opens(bench: Bench) -> str:
    with bench.machine.serves("demo") as served:
        return f"after {served.seconds:.1f} s"


def start_and_memory_are_those_of_the_sources(bench: Bench) -> str:
    """Both serve a shop of their own that was just set up, in turn; the first round of each warms the disk's cache."""
    with TemporaryDirectory() as data:
        sources = Machine((), str(Path(".venv/bin/tresen").absolute()), data)
        archive = Machine(bench.machine.enter, bench.machine.program, "/tmp/compared")
        rounds = [(_measured(archive), _measured(sources)) for _ in range(ROUNDS + 1)][1:]
    names = ("s to the first answer", "s of a core until then", "MB idle")
    middles = [[median(each[which][what] for each in rounds) for which in (0, 1)] for what in range(len(names))]
    return "; ".join(
        f"{frozen:.2f} {name}, from .venv {plain:.2f}, ratio {frozen / plain:.2f}"
        for name, (frozen, plain) in zip(names, middles, strict=True)
    )


def _measured(which: Machine) -> tuple[float, float, float]:
    with which.serves() as served:
        return served.seconds, served.at_work, served.rss()


CHECKS: tuple[Callable[[Bench], str], ...] = (
    the_sums_are_those_of_the_files,
    there_is_no_python_and_no_other_program,
    commands_work_from_any_folder,
    a_mistake_ends_with_its_status,
    the_main_job_is_done_and_the_end_is_clean,
    a_stranger_has_sold_within_five_minutes,
    a_backup_is_made_and_brought_back,
    the_doctor_finds_nothing_wrong,
    one_file_is_stamped,
    the_demo_opens,
    start_and_memory_are_those_of_the_sources,
)


def main() -> int:
    if os.geteuid() != 0:
        print("A bare machine is made by root: sudo make release-check", file=sys.stderr)
        return 1
    archives = list(DIST.glob("tresen-*.tar.gz"))
    if len(archives) != 1:
        print("There is no archive in dist/: make release", file=sys.stderr)
        return 1
    with machine(archives[0]) as (bare, root):
        bench = Bench(archives[0], bare, root)
        for check in CHECKS:
            try:
                told = check(bench)
            except (Wrong, RuntimeError, subprocess.CalledProcessError, httpx.HTTPError) as error:
                print(f"{_sentence(check)}: NO. {error}\n{getattr(error, 'stdout', '')}", file=sys.stderr)
                return 1
            print(f"{_sentence(check)}: {told}", flush=True)
    return 0


def _sentence(check: Callable[[Bench], str]) -> str:
    return check.__name__.replace("_", " ")


if __name__ == "__main__":
    sys.exit(main())
