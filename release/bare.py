"""A machine that has a C library, zlib and nothing else: a folder to change the root to, made of our own files."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

import httpx

NOBODY = 65534
DATA = "/var/lib/tresen"
PROGRAM = "/opt/tresen/tresen"
PATIENCE = 60.0
PACKAGES = ("libc6", "zlib1g")  # the loader of the program asks for both, and no Debian is without them
# The kernel's own folders are seen in there alone, and are gone with the process.
ENTER = 'mount -t proc proc "$1/proc" && shift && exec chroot --userspec=65534:65534 "$@"'


@dataclass(frozen=True)
class Served:
    pid: int
    origin: str
    seconds: float  # from the command to the first answer
    at_work: float  # of these, what a core spent on it: neighbours make no difference

    def rss(self) -> float:
        """MB."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        return int(status.split("VmRSS:")[1].split()[0]) * 1024 / 1e6


@dataclass(frozen=True)
class Machine:
    """Where commands are typed, by which words and with which data directory as they see it."""

    enter: tuple[str, ...]
    program: str
    data: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def types(self, *words: str, told: str = "") -> str:
        """What it prints. Raises CalledProcessError."""
        done = subprocess.run(
            (*self.enter, self.program, *words), env=self._environment(), input=told, check=True, text=True,
            stdout=subprocess.PIPE,
        )  # fmt: skip
        return done.stdout

    @contextmanager
    def serves(self, command: str = "serve", port: int = 8765) -> Iterator[Served]:
        """Ended by SIGTERM. Raises RuntimeError where it does not begin, or ends in another way than in good order."""
        began = time.perf_counter()
        words = (*self.enter, self.program, command, "--port", str(port))
        with subprocess.Popen(words, env=self._environment(), stdout=subprocess.DEVNULL) as process:
            try:
                origin = f"http://127.0.0.1:{port}"
                _await_answer(origin, process)
                seconds = time.perf_counter() - began
                yield Served(process.pid, origin, seconds, _at_work(process.pid))
            finally:
                process.terminate()
                ended = process.wait(PATIENCE)
        if ended:
            raise RuntimeError(f"It ended with status {ended}.")

    def _environment(self) -> dict[str, str]:
        path = "/usr/bin:/bin:/usr/sbin:/sbin"
        return {"TRESEN_DATA": self.data, "TRESEN_LOG_LEVEL": "error", "PATH": path} | dict(self.environment)


@contextmanager
def machine(archive: Path) -> Iterator[tuple[Machine, Path]]:
    """The bare one with the archive unpacked in it, and the folder that is its root. Needs root."""
    root = Path(mkdtemp(prefix="tresen-bare-"))
    try:
        _lay_out(root)
        with tarfile.open(archive) as packed:
            packed.extractall(root / "opt", filter="tar")
        next((root / "opt").iterdir()).rename(root / "opt/tresen")
        root.chmod(0o755)
        enter = ("unshare", "--mount", "sh", "-c", ENTER, "enter", str(root), str(root))
        yield Machine(enter, PROGRAM, DATA), root
    finally:
        shutil.rmtree(root)


def _lay_out(root: Path) -> None:
    for folder in ("dev", "proc", "tmp", "opt", "etc", DATA.removeprefix("/")):
        (root / folder).mkdir(parents=True)
    for folder in ("tmp", DATA.removeprefix("/")):
        os.chown(root / folder, NOBODY, NOBODY)
        (root / folder).chmod(0o700)
    (root / "usr/lib").mkdir(parents=True)
    for short in ("lib", "lib64"):
        (root / "usr" / short).mkdir(exist_ok=True)
        (root / short).symlink_to(f"usr/{short}")
    listed = subprocess.run(("dpkg", "--listfiles", *PACKAGES), check=True, capture_output=True, text=True).stdout
    for name in listed.split():
        place = Path(name)
        if place.is_file() and (".so" in place.name or place.name.startswith("ld-")):
            target = root / place.relative_to("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(place, target)
            target.chmod(0o755)
    for name, minor in (("null", 3), ("zero", 5), ("urandom", 9)):
        os.mknod(root / "dev" / name, 0o020666, os.makedev(1, minor))
        (root / "dev" / name).chmod(0o666)


def _at_work(pid: int) -> float:
    """See proc(5): user and system time are the 14th and 15th field; the second one ends with a bracket."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _await_answer(origin: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{origin}/up").status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.005)
    raise RuntimeError(f"Nothing answers at {origin}.")
