"""Starts and ends what is measured, and looks at it from outside. Nothing that was started outlives its block."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

ROOT = Path(__file__).resolve().parent.parent
SERVE = "import app, sys; sys.exit(app.main())"
CONNECTIONS = 16
PATIENCE = 60.0


@dataclass(frozen=True)
class Server:
    pid: int
    port: int
    seconds_to_first_answer: float

    def rss(self) -> float:
        """MB that the process itself holds now."""
        return self._held("VmRSS:")

    def own(self) -> float:
        """MB of that which no file stands behind: SQLite maps the database, which grows with what is in it."""
        return self._held("RssAnon:")

    def _held(self, name: str) -> float:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split(name)[1].split()[0]) * 1024 / 1e6


def free_port() -> int:
    """Below those that the system gives to whoever calls somebody: started again, a server finds it free again."""
    for port in random.sample(range(10_000, 30_000), 200):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise RuntimeError("No port is free.")


@contextmanager
def tresen(data: Path, port: int, **more: str) -> Iterator[Server]:
    """`more` goes into its environment."""
    words = [sys.executable, "-c", SERVE, "serve", "--port", str(port)]
    environment = {"TRESEN_DATA": str(data), "TRESEN_LOG_LEVEL": "error", "PATH": os.environ.get("PATH", "")}
    environment |= more
    with served(words, port, "/up", environment) as server:
        yield server


@contextmanager
def peers(data: Path, order_id: int) -> Iterator[Server]:
    port = free_port()
    with served([sys.executable, "-m", "bench.peers", str(data), str(order_id), str(port)], port, "/hello") as server:
        yield server


@contextmanager
def nginx(folder: Path, scratch: Path) -> Iterator[Server | None]:
    """Serves that folder with sendfile; None where nginx is not installed."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        yield None
        return
    port = free_port()
    place = scratch / "nginx"
    place.mkdir()
    (place / "nginx.conf").write_text(
        f"""
        daemon off; master_process off; pid {place}/pid; error_log {place}/error.log;
        events {{ worker_connections 64; }}
        http {{
          access_log off; sendfile on; tcp_nopush on;
          client_body_temp_path {place}/b; proxy_temp_path {place}/p; fastcgi_temp_path {place}/f;
          uwsgi_temp_path {place}/u; scgi_temp_path {place}/s;
          server {{ listen 127.0.0.1:{port}; root {folder}; }}
        }}
        """
    )
    with served([program, "-p", str(place), "-c", str(place / "nginx.conf")], port, "/") as server:
        yield server


@contextmanager
def served(words: list[str], port: int, path: str, environment: dict[str, str] | None = None) -> Iterator[Server]:
    with TemporaryFile() as errors:
        began = time.perf_counter()
        process = subprocess.Popen(
            words, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=errors, start_new_session=True
        )
        try:
            if not _answers(process, port, path):
                errors.seek(0)
                raise RuntimeError(f"{words[0]} did not answer on port {port}: {errors.read().decode()[-2000:]}")
            yield Server(process.pid, port, time.perf_counter() - began)
        finally:
            _end(process)


def _answers(process: subprocess.Popen, port: int, path: str) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as line:
            line.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
            if line.recv(100).startswith(b"HTTP/1.1"):
                return True
        time.sleep(0.005)
    return False


def _end(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(5)


def pressed(server: Server, paths: list[str], *, seconds: float = 0, headers: dict[str, str] | None = None) -> dict:
    """The answer of `bench.load`. Raises RuntimeError unless every answer had the same good status."""
    task = {"kind": "press", "port": server.port, "paths": paths, "seconds": seconds, "headers": headers or {}}
    answer = _asked(task | {"connections": min(CONNECTIONS, len(paths)) if not seconds else CONNECTIONS})
    if set(answer["statuses"]) - {"200", "304"} or len(answer["statuses"]) != 1:
        raise RuntimeError(f"{paths[0]} answered {answer['statuses']}.")
    return answer


def fetched(server: Server, path: str, size: int) -> float:
    """MB/s of one download."""
    answer = _asked({"kind": "fetch", "port": server.port, "paths": [path]})
    if answer["status"] != "200" or answer["bytes"] != size:
        raise RuntimeError(f"{path} answered {answer}.")
    return float(answer["rate"])


def _asked(task: dict) -> dict:
    words = [sys.executable, "-m", "bench.load"]
    done = subprocess.run(
        words, cwd=ROOT, input=json.dumps(task), capture_output=True, text=True, timeout=120, check=True
    )
    answer: dict = json.loads(done.stdout)
    return answer


@contextmanager
def highest_rss(server: Server) -> Iterator[list[float]]:
    """The highest RSS in MB that was seen while the block ran, as the only entry of the list once it is left."""
    over = threading.Event()
    seen = [server.rss()]

    def watch() -> None:
        while not over.wait(0.01):
            seen[0] = max(seen[0], server.rss())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()
