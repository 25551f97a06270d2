"""The words of the `tresen` command, and what it says when one of them cannot be done."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from collections.abc import Callable, Mapping, MutableMapping
from getpass import getpass
from math import nan
from pathlib import Path

from config import Config

FIRST_HANDED_OVER = 3  # after the three streams that every process has
Run = Callable[[argparse.Namespace, Config], None]


class Misuse(Exception):
    """One sentence for the operator; exit status 2."""


class Failure(Exception):
    """One sentence for the operator; exit status 1."""


def parser(runs: Mapping[str, Run]) -> argparse.ArgumentParser:
    """`runs` says what does each command."""
    known = argparse.ArgumentParser(prog="tresen", description="The customer portal of an online shop.")
    commands = known.add_subparsers(required=True, metavar="COMMAND")
    serving = commands.add_parser("serve", help="migrate (after a backup) and serve")
    serving.set_defaults(run=runs["serve"])
    showing = commands.add_parser("demo", help="a filled shop to look at")
    showing.add_argument("--data", type=Path, help="keep its data there instead of throwing it away")
    showing.set_defaults(run=runs["demo"])
    for command in (serving, showing):
        command.add_argument("--host", help="address to listen on (default 127.0.0.1)")
        command.add_argument("--port", type=_port_number, help="port to listen on (default 8000)")
    key = commands.add_parser("key", help="API keys").add_subparsers(required=True, metavar="DEED")
    adding = key.add_parser("add", help="make a key for the API and print it once")
    adding.add_argument("name")
    adding.set_defaults(run=runs["key add"])
    merchant = commands.add_parser("merchant", help="who may sign in").add_subparsers(required=True, metavar="DEED")
    letting_in = merchant.add_parser("add", help="let a merchant in, or give one a new password")
    letting_in.add_argument("email")
    letting_in.set_defaults(run=runs["merchant add"])
    linking = commands.add_parser("link", help="print an order's portal link")
    linking.add_argument("source")
    linking.add_argument("external_id")
    linking.set_defaults(run=runs["link"])
    for name, does in (
        ("backup", "save the whole shop, while it serves"),
        ("restore", "fill an empty data directory from a backup"),
    ):
        archiving = commands.add_parser(name, help=does)
        archiving.add_argument("file", type=Path, metavar="FILE.tar.gz")
        archiving.set_defaults(run=runs[name])
    stamping = commands.add_parser("stamp", help="write a copy of a PDF with one line of text on every page")
    stamping.add_argument("source", type=Path, metavar="IN.pdf")
    stamping.add_argument("target", type=Path, metavar="OUT.pdf")
    stamping.add_argument("--text", required=True, help="what every page is to bear")
    stamping.add_argument("--size", type=_points, default=11, help="of the font, in points (default 11)")
    stamping.add_argument("--x", type=_millimetres, default=10, help="mm from the visible left edge (default 10)")
    stamping.add_argument("--y", type=_millimetres, default=10, help="mm from the visible bottom edge (default 10)")
    stamping.set_defaults(run=runs["stamp"])
    commands.add_parser("doctor", help="look at everything the shop stands on").set_defaults(run=runs["doctor"])
    commands.add_parser("version", help="print versions").set_defaults(run=runs["version"])
    return known


def _port_number(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text} is no port")
    return int(text)


def _points(text: str) -> float:
    return _number(text, 1, 200, "1 to 200 points")


def _millimetres(text: str) -> float:
    return _number(text, 0, 2000, "0 to 2000 mm")


def _number(text: str, least: float, most: float, allowed: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = nan
    if not least <= number <= most:
        raise argparse.ArgumentTypeError(f"{text} is not within {allowed}")
    return number


def password_of(email: str) -> str:
    """From the terminal, unseen and twice; else the first line of standard input."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass(f"Password for {email}: ")
    if getpass("Once more: ") != first:
        raise Misuse("The two passwords differ.")
    return first


def handed_over(environ: MutableMapping[str, str]) -> socket.socket | None:
    """The socket that systemd holds for us, as sd_listen_fds(3) says; None where it holds none. Raises Failure.

    It outlives this process, so that whoever comes while Tresen is replaced waits instead of being refused.
    """
    meant_for = environ.pop("LISTEN_PID", "")  # what we start ourselves is told nothing of it
    number = environ.pop("LISTEN_FDS", "")
    environ.pop("LISTEN_FDNAMES", None)
    if meant_for != str(os.getpid()):
        return None
    if number != "1":
        raise Failure(
            f"systemd hands {number} sockets over; Tresen serves on one: give tresen.socket one ListenStream."
        )
    listener = socket.socket(fileno=FIRST_HANDED_OVER)
    if listener.family not in (socket.AF_INET, socket.AF_INET6) or listener.type != socket.SOCK_STREAM:
        raise Failure("systemd hands over a socket that is no TCP port: give tresen.socket a ListenStream with a port.")
    listener.set_inheritable(False)
    return listener


def listening(host: str, port: int, *, tries: int = 1) -> socket.socket:
    """A socket on that port or one of the next. Raises Failure."""
    family, reason = socket.AF_INET6 if ":" in host else socket.AF_INET, "there is no such port"
    nowhere = f"There is no host {host} here; give another one with --host."
    for candidate in range(port, min(port + tries, 65536)):
        try:
            return socket.create_server((host, candidate), family=family)
        except UnicodeError as error:
            raise Failure(nowhere) from error
        except OSError as error:  # whose own sentence repeats the port
            if (error.errno or 0) < 0:  # what looking up a name fails with
                raise Failure(nowhere) from error
            reason = os.strerror(error.errno or 0)
    raise Failure(f"Port {port} of {host} cannot be used ({reason}); choose another one with --port.")
