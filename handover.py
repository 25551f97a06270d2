"""A running Tresen makes way for a newer one: both know the socket, so nobody is refused and no download ends early."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import subprocess
import sys
from collections.abc import MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

log = logging.getLogger("tresen")
# No setting of an operator's: the file descriptors of the socket and of the line between the two processes.
NAME = "_TRESEN_TAKES_OVER"
READY = b"."
READY_SECONDS = 600.0  # a large database is copied and migrated meanwhile, and the old process serves on
TOLD_BYTES = 1


@dataclass(frozen=True)
class Ending:
    """`begun`: no job is begun any more; `worked_off`: none runs any more either. Requests may still run."""

    begun: asyncio.Event = field(default_factory=asyncio.Event)
    worked_off: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True)
class Predecessor:
    """Who started this process and still serves on `listener`; `line` connects the two."""

    listener: socket.socket
    line: socket.socket

    def relieve(self) -> None:
        """Says that all is ready here, and waits until the other accepts nobody and works on nothing any more.

        Where it died meanwhile that is so as well: its end of the line is closed then.
        """
        with self.line, suppress(OSError):
            self.line.sendall(READY)
            self.line.recv(TOLD_BYTES)


def predecessor(environ: MutableMapping[str, str]) -> Predecessor | None:
    """None for a process that nobody started to take over."""
    numbers = environ.pop(NAME, "")  # what we start ourselves is told nothing of it
    if not numbers:
        return None
    listener, line = (socket.socket(fileno=int(number)) for number in numbers.split())
    for each in (listener, line):
        each.set_inheritable(False)
    return Predecessor(listener, line)


@dataclass(frozen=True)
class Successor:
    """The process that takes over, ready and waiting."""

    process: subprocess.Popen[bytes]
    line: socket.socket

    def takes_over(self) -> None:
        """From here on it accepts and works; systemd is told that the service is that process from now on."""
        told_systemd(f"MAINPID={self.process.pid}")
        with self.line, suppress(OSError):
            self.line.sendall(READY)


async def successor(listener: socket.socket, command: Sequence[str]) -> Successor | None:
    """Starts that command with the listening socket. None if it did not get ready; it is ended then."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with theirs:
        handed = (listener.fileno(), theirs.fileno())
        # The archive's program would else take the libraries of the version that runs, not those beside the new one.
        told = {NAME: " ".join(map(str, handed)), "PYINSTALLER_RESET_ENVIRONMENT": "1"}
        process = subprocess.Popen(command, pass_fds=handed, env=os.environ | told)  # noqa: ASYNC220, S603
    is_ready = False
    try:
        async with asyncio.timeout(READY_SECONDS):
            is_ready = await asyncio.get_running_loop().sock_recv(ours, TOLD_BYTES) == READY
    except (OSError, TimeoutError):
        pass
    finally:
        if not is_ready:
            ours.close()
            process.kill()
            log.error("The new process did not get ready (status %s); this one serves on.", process.wait())
    if not is_ready:
        return None
    ours.setblocking(True)
    return Successor(process, ours)


def command_again() -> list[str]:
    """How this process was started, for one of the version that lies there now: a link to it is followed anew."""
    if getattr(sys, "frozen", False):
        return [str(Path(sys.argv[0]).absolute()), *sys.argv[1:]]
    return [sys.executable, *sys.orig_argv[1:]]


def told_systemd(line: str) -> None:
    """As sd_notify(3); nothing where no systemd asks for it."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel, suppress(OSError):
        channel.sendto(line.encode(), "\0" + address[1:] if address.startswith("@") else address)
