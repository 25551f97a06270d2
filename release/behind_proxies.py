"""Whether the examples for nginx and Caddy do what docs/reverse-proxy.md says, with TLS, on this machine.

Both come from Debian (`apt install nginx caddy`). Only names, ports and certificates of the examples are replaced.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from release import main_job
from release.main_job import Wrong

EXAMPLES = Path(__file__).parent / "proxies"
PATIENCE = 60.0
BIG = os.urandom(1024 * 1024) * 64
NAME = "portal.example.org"
OF_NGINX = f"/etc/letsencrypt/live/{NAME}"


@dataclass(frozen=True)
class Portal:
    """Tresen behind a proxy: `origin` is the proxy's, `files` the folder its storages may use, `logs` the proxy's."""

    origin: str
    key: str
    files: Path
    logs: Path
    trust: ssl.SSLContext

    def visitor(self, address: str = "127.0.0.1") -> httpx.Client:
        """A browser of that address; all of 127.0.0.0/8 are this machine."""
        way = httpx.HTTPTransport(verify=self.trust, local_address=address)
        return httpx.Client(base_url=self.origin, transport=way, timeout=PATIENCE)


def the_main_job_is_done(portal: Portal) -> str:
    shop = main_job.Shop(portal.origin, portal.key, portal.files, str(portal.files), portal.trust)
    main_job.done(shop)
    return "order, link, stamped file and invoice"


def pages_are_told_to_come_by_tls_only(portal: Portal) -> str:
    with portal.visitor() as visitor:
        answer = visitor.get("/link")
    if "max-age" not in answer.headers.get("strict-transport-security", ""):
        raise Wrong("There is no Strict-Transport-Security.")
    return answer.headers["strict-transport-security"]


def a_merchant_signs_in_and_the_cookie_stays_within_tls(portal: Portal) -> str:
    told = {"email": "ada@example.org", "password": "correct horse battery"}
    with portal.visitor() as visitor:
        answer = visitor.post("/admin/sign-in", data=told, headers={"Origin": portal.origin})
        cookie = answer.headers.get("set-cookie", "")
        if answer.status_code != httpx.codes.SEE_OTHER or "secure" not in cookie.lower():
            raise Wrong(f"Signing in was answered {answer.status_code} with the cookie {cookie.partition('=')[0]}.")
        if visitor.get("/admin/orders").status_code != httpx.codes.OK:
            raise Wrong("Whoever has signed in sees no orders.")
    return "Secure, and the back office opens"


def a_large_download_passes_through_as_it_is_made(portal: Portal) -> str:
    """Whoever reads slowly holds up Tresen, not the memory or disk of the proxy; a part of it can be asked for."""
    link = _sold_film(portal)
    with portal.visitor() as visitor:
        begun = _begun(visitor, link)
        with visitor.stream("GET", begun) as answer:
            received = b"".join(answer.iter_raw())
        part = visitor.get(begun, headers={"Range": "bytes=1000000-1000009"})
    if received != BIG:
        raise Wrong(f"{len(received)} of {len(BIG)} bytes came, or others.")
    if part.status_code != httpx.codes.PARTIAL_CONTENT or part.content != BIG[1_000_000:1_000_010]:
        raise Wrong(f"A range was answered {part.status_code} with {len(part.content)} bytes.")
    return f"{len(BIG) // 1024**2} MiB, and a range of them"


def an_upload_larger_than_a_megabyte_arrives(portal: Portal) -> str:
    """The proxy does not refuse it: what Tresen says of it, it says itself."""
    with portal.visitor() as visitor:
        answer = visitor.put(
            "/api/v1/articles/FILM",
            content=b'{"title": "' + b"x" * 3_000_000 + b'"}',
            headers={"Authorization": f"Bearer {portal.key}", "Content-Type": "application/json"},
        )
    if "application/problem+json" not in answer.headers.get("content-type", ""):
        raise Wrong(f"It was answered {answer.status_code} by somebody else than Tresen.")
    return f"refused by Tresen itself with {answer.status_code}"


def every_visitor_counts_alone_and_claims_are_not_believed(portal: Portal) -> str:
    """60 wrong links of one network are the limit, whatever address it claims; its neighbour is not held up."""
    with portal.visitor("127.0.0.9") as guesser, portal.visitor("127.0.0.8") as neighbour:
        found = [
            guesser.get(f"/o/guess{each}", headers={"X-Forwarded-For": f"203.0.113.{each}"}).status_code
            for each in range(70)
        ]
        beside = neighbour.get("/o/guess").status_code
    if found[0] != httpx.codes.NOT_FOUND or found[-1] != httpx.codes.TOO_MANY_REQUESTS:
        raise Wrong(f"The first guess was answered {found[0]}, the last {found[-1]}.")
    if beside != httpx.codes.NOT_FOUND:
        raise Wrong(f"A neighbour was answered {beside}.")
    return "429 for the guesser, 404 for the neighbour"


def no_log_holds_the_address_of_a_portal_page(portal: Portal) -> str:
    logs = [file for file in portal.logs.rglob("*.log") if file.is_file()]
    for file in logs:
        if found := re.search(r"/(?:o|d|payments)/[\w.~-]{8,}", file.read_text(encoding="utf-8", errors="replace")):
            raise Wrong(f"{file.name} holds {found[0][:5]}…")
    return f"{len(logs)} log files"


CHECKS: tuple[Callable[[Portal], str], ...] = (
    the_main_job_is_done,
    pages_are_told_to_come_by_tls_only,
    a_merchant_signs_in_and_the_cookie_stays_within_tls,
    a_large_download_passes_through_as_it_is_made,
    an_upload_larger_than_a_megabyte_arrives,
    every_visitor_counts_alone_and_claims_are_not_believed,
    no_log_holds_the_address_of_a_portal_page,
)


def _sold_film(portal: Portal) -> str:
    (portal.files / "film.bin").write_bytes(BIG)
    shop = main_job.Shop(portal.origin, portal.key, portal.files, str(portal.files), portal.trust)
    shop.api("PUT", "/articles/FILM", {"title": "Film", "files": [{"storage": "Muster", "path": "film.bin"}]})
    line = main_job.LINE | {"sku": "FILM"}
    return str(shop.api("PUT", "/orders/laden/2", main_job.ORDER | {"number": "4712", "lines": [line]})["portal_url"])


def _begun(visitor: httpx.Client, link: str) -> str:
    file = re.search('data-file="([0-9]+)"', visitor.get(link).text)
    if not file:
        raise Wrong("The page offers no file.")
    answer = visitor.post(f"{link}/files/{file[1]}/downloads", headers={"Sec-Fetch-Site": "same-origin"})
    if "location" not in answer.headers:
        raise Wrong(f"The download was answered {answer.status_code}.")
    return str(answer.headers["location"])


@contextmanager
def behind(proxy: str, place: Path) -> Iterator[Portal]:
    """Tresen with that proxy before it; both are ended with the block. Raises RuntimeError if one does not begin."""
    ports = {"tresen": _free_port(), "tls": _free_port(), "plain": _free_port()}
    origin, files = f"https://localhost:{ports['tls']}", place / "data" / "files"
    certificate = _certificate(place)
    environ = {**os.environ, "TRESEN_DATA": str(place / "data"), "TRESEN_BASE_URL": origin}
    environ |= {"TRESEN_TRUSTED_PROXIES": "127.0.0.1", "TRESEN_LOG_LEVEL": "error", "HOME": str(place)}
    tresen = str(Path(".venv/bin/tresen").absolute())

    def types(*words: str, told: str = "") -> str:
        done = subprocess.run((tresen, *words), env=environ, input=told, stdout=subprocess.PIPE, check=True, text=True)
        return done.stdout

    key = types("key", "add", "check").split()[-1]
    types("merchant", "add", "ada@example.org", told="correct horse battery\n")
    files.mkdir(parents=True, exist_ok=True)
    with (
        _running((tresen, "serve", "--port", str(ports["tresen"])), environ, ports["tresen"]),
        _running(PROXIES[proxy](place, ports), environ, ports["tls"]),
    ):
        yield Portal(origin, key, files, place / "logs", ssl.create_default_context(cafile=str(certificate)))


def _nginx(place: Path, ports: Mapping[str, int]) -> tuple[str, ...]:
    """The example within the frame that Debian's nginx.conf gives it."""
    example = (EXAMPLES / "nginx.conf").read_text(encoding="utf-8")
    for known, ours in (
        ("listen 80;", f"listen 127.0.0.1:{ports['plain']};"),
        ("listen 443 ssl", f"listen 127.0.0.1:{ports['tls']} ssl"),
        ("127.0.0.1:8000", f"127.0.0.1:{ports['tresen']}"),
        (f"{OF_NGINX}/fullchain.pem", str(place / "certificate.pem")),
        (f"{OF_NGINX}/privkey.pem", str(place / "key.pem")),
        ("/var/log/nginx", str(place / "logs")),
        (f"server_name {NAME}", "server_name localhost"),
    ):
        example = _replaced(example, known, ours)
    example = re.sub(r"(?m)^ *listen \[::\].*\n", "", example)
    (place / "nginx.conf").write_text(
        f"pid {place}/nginx.pid;\nerror_log {place}/logs/error.log;\nevents {{}}\n"
        f"http {{\naccess_log {place}/logs/access.log;\nclient_body_temp_path {place}/body;\n"
        f"proxy_temp_path {place}/proxy;\nfastcgi_temp_path {place}/f;\nuwsgi_temp_path {place}/u;\n"
        f"scgi_temp_path {place}/s;\n{example}}}\n",
        encoding="utf-8",
    )
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin") or "nginx"
    return program, "-e", f"{place}/logs/error.log", "-c", str(place / "nginx.conf"), "-g", "daemon off;"


def _caddy(place: Path, ports: Mapping[str, int]) -> tuple[str, ...]:
    example = (EXAMPLES / "Caddyfile").read_text(encoding="utf-8")
    ours = f"localhost:{ports['tls']} {{\n\ttls {place}/certificate.pem {place}/key.pem"
    example = _replaced(example, f"\n{NAME} {{", f"\n{ours}")
    example = _replaced(example, "127.0.0.1:8000", f"127.0.0.1:{ports['tresen']}")
    frame = "{\n\tadmin off\n\tauto_https disable_redirects\n}\n"
    (place / "Caddyfile").write_text(frame + example, encoding="utf-8")
    return "caddy", "run", "--adapter", "caddyfile", "--config", str(place / "Caddyfile")


PROXIES: Mapping[str, Callable[[Path, Mapping[str, int]], tuple[str, ...]]] = {"nginx": _nginx, "caddy": _caddy}


def _replaced(text: str, known: str, ours: str) -> str:
    """Raises RuntimeError where the example has changed and this check has not."""
    if known not in text:
        raise RuntimeError(f"The example has no {known.strip()}.")
    return text.replace(known, ours)


def _certificate(place: Path) -> Path:
    (place / "logs").mkdir()
    made = place / "certificate.pem"
    subprocess.run(
        ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", str(place / "key.pem"), "-out", str(made)),
        check=True, capture_output=True,
    )  # fmt: skip
    return made


@contextmanager
def _running(words: tuple[str, ...], environ: Mapping[str, str], port: int) -> Iterator[None]:
    """That program from when it accepts on the port until SIGTERM."""
    with subprocess.Popen(words, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            deadline = time.monotonic() + PATIENCE
            while not _accepts(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    process.kill()
                    said = process.stderr.read().decode() if process.stderr else ""
                    raise RuntimeError(f"{words[0]} did not begin: {said[-500:]}")
                time.sleep(0.02)
            yield
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE)


def _accepts(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def main() -> int:
    missing = [each for each in PROXIES if not shutil.which(each, path="/usr/sbin:/usr/bin:/usr/local/bin")]
    if missing:
        print(f"apt install {' '.join(missing)}", file=sys.stderr)
        return 1
    for proxy in PROXIES:
        with TemporaryDirectory() as place, behind(proxy, Path(place)) as portal:
            for check in CHECKS:
                said = f"{proxy}: {check.__name__.replace('_', ' ')}"
                try:
                    print(f"{said}: {check(portal)}", flush=True)
                except (Wrong, httpx.HTTPError) as error:
                    print(f"{said}: NO. {error}", file=sys.stderr)
                    return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
