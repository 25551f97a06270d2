"""Real servers on loopback: one that is told what to answer, moto's S3, WsgiDAV."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
from cheroot.wsgi import Server as WsgiServer
from moto.server import ThreadedMotoServer
from wsgidav.wsgidav_app import WsgiDAVApp

USER, PASSWORD = "jana", "Garn & Nadel 7"


class Ask(BaseHTTPRequestHandler):
    """One request; `answers` of the server says what comes back."""

    protocol_version = "HTTP/1.1"
    server: Anybody

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def parse_request(self) -> bool:
        if not super().parse_request():
            return False
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append(self)
        return self._answer()

    def _answer(self) -> bool:
        self.server.answers(self)
        self.wfile.flush()
        return False

    def say(self, status: int, content: bytes = b"", /, **headers: str) -> None:
        """Headers are written with `_` for `-`; a Content-Length that is given counts."""
        self.send_response(status)
        for name, value in ({"Content_Length": str(len(content))} | headers).items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(content)

    def say_part(self, content: bytes, /, **headers: str) -> None:
        """The part that is asked for."""
        wanted = self.headers.get("Range")
        if not wanted:
            return self.say(200, content, **headers)
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        if int(first) >= len(content):
            return self.say(416, Content_Range=f"bytes */{len(content)}")
        end = min(int(last), len(content) - 1)
        told = f"bytes {first}-{end}/{len(content)}"
        return self.say(206, content[int(first) : end + 1], Content_Range=told, **headers)

    def log_message(self, *_: object) -> None:
        pass


class Anybody(ThreadingHTTPServer):
    """Whoever a test wants it to be."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Ask)
        self.asked: list[Ask] = []
        self.answers: Callable[[Ask], None] = lambda ask: ask.say(404)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def anybody() -> Iterator[Anybody]:
    with Anybody() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@contextmanager
def moto() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _host, port = server.get_host_and_port()
    httpx.post(f"http://127.0.0.1:{port}/moto-api/reset")  # its buckets outlive the server
    yield f"http://127.0.0.1:{port}"
    server.stop()


@contextmanager
def dav(folder: Path) -> Iterator[str]:
    app = WsgiDAVApp(
        {
            "provider_mapping": {"/dav": str(folder)},
            "simple_dc": {"user_mapping": {"*": {USER: {"password": PASSWORD}}}},
            "http_authenticator": {"accept_basic": True, "accept_digest": False, "default_to_digest": False},
            "logging": {"enable": False},
            "verbose": 0,
        }
    )
    server = WsgiServer(("127.0.0.1", 0), app)
    server.prepare()
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield f"http://127.0.0.1:{server.bind_addr[1]}/dav"
    server.stop()
    thread.join()
