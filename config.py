"""TRESEN_* from the environment, read once. An unknown name is an error: a typing mistake must not pass silently."""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

ANYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 (names them, binds nothing)
NAMES = frozenset(
    "TRESEN_DATA TRESEN_HOST TRESEN_PORT TRESEN_BASE_URL TRESEN_SECRET_KEYS TRESEN_LOCAL_ROOTS TRESEN_SMTP_URL"
    " TRESEN_TRUSTED_PROXIES TRESEN_PAYPAL_API_BASE TRESEN_BILLBEE_API_BASE TRESEN_TIMEZONE TRESEN_LOG_LEVEL"
    " TRESEN_LOG_FORMAT TRESEN_STAMP_CACHE_MIB TRESEN_ACCEL_PREFIX"
    " TRESEN_PRESIGN_ORIGINS TRESEN_FONTS TRESEN_BACKUPS".split()
)
LOG_LEVELS = ("debug", "info", "warning", "error")
LOG_FORMATS = ("text", "json")
KEY_FILE = "secret-keys"
SHORTEST_KEY = 16  # characters
ORIGIN = re.compile(r"https?://[^\s@;,'\"]+")  # it stands in headers
PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)+/?")


class ConfigError(Exception):
    """One sentence that says what to change."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """Everything the operator decides. `secret_keys`: newest first. `base_url`: an origin, without a path."""

    data: Path
    host: str = "127.0.0.1"
    port: int = 8000
    base_url: str = ""
    base_url_given: bool = False
    secret_keys: tuple[str, ...] = ()
    keys_given: bool = False
    local_roots: tuple[Path, ...] = ()
    smtp_url: str = ""
    trusted_proxies: str = ""
    paypal_api_base: str = ""
    billbee_api_base: str = ""
    timezone: ZoneInfo | None = None
    log_level: str = "info"
    log_format: str = "text"
    stamp_cache_mib: int = 2048
    accel_prefix: str = ""
    presign_origins: tuple[str, ...] = ()
    fonts: Path | None = None
    backups_given: Path | None = None
    first_run_code: str = ""  # made anew by `serve`, for whoever reads its terminal

    @property
    def database(self) -> Path:
        return self.data / "tresen.sqlite3"

    @property
    def files(self) -> Path:
        return self.data / "files"

    @property
    def cache(self) -> Path:
        return self.data / "cache"

    @property
    def backups(self) -> Path:
        """Where scheduled backups lie."""
        return self.backups_given or self.data / "backups" / "scheduled"

    def serving(self, host: str | None = None, port: int | None = None) -> Config:
        """The same with the address that is really served, from which the public origin follows if none is given."""
        there = replace(self, host=host or self.host, port=self.port if port is None else port)
        return there if there.base_url_given else replace(there, base_url=_origin(there.host, there.port))


def from_environment(environ: Mapping[str, str]) -> Config:
    """Raises ConfigError."""
    if unknown := sorted(name for name in environ if name.startswith("TRESEN_") and name not in NAMES):
        raise ConfigError(f"{unknown[0]} is not a setting of Tresen; known are {', '.join(sorted(NAMES))}.")
    data = Path(environ.get("TRESEN_DATA") or "tresen-data").absolute()
    keys = tuple(key.strip() for key in environ.get("TRESEN_SECRET_KEYS", "").split(",") if key.strip())
    if environ.get("TRESEN_SECRET_KEYS") and not keys:
        raise ConfigError("TRESEN_SECRET_KEYS holds no key.")
    base_url = environ.get("TRESEN_BASE_URL", "").rstrip("/")
    return Config(
        data=data,
        host=environ.get("TRESEN_HOST") or "127.0.0.1",
        port=_port(environ.get("TRESEN_PORT") or "8000"),
        base_url=_checked_origin("TRESEN_BASE_URL", base_url) if base_url else "",
        base_url_given=bool(base_url),
        secret_keys=_checked_keys(keys),
        keys_given=bool(keys),
        local_roots=_roots(environ.get("TRESEN_LOCAL_ROOTS", ""), data / "files"),
        smtp_url=environ.get("TRESEN_SMTP_URL", ""),
        trusted_proxies=_proxies(environ.get("TRESEN_TRUSTED_PROXIES", "")),
        paypal_api_base=environ.get("TRESEN_PAYPAL_API_BASE", ""),
        billbee_api_base=environ.get("TRESEN_BILLBEE_API_BASE", ""),
        timezone=_zone(environ.get("TRESEN_TIMEZONE", "")),
        log_level=_one_of("TRESEN_LOG_LEVEL", environ.get("TRESEN_LOG_LEVEL") or "info", LOG_LEVELS),
        log_format=_one_of("TRESEN_LOG_FORMAT", environ.get("TRESEN_LOG_FORMAT") or "text", LOG_FORMATS),
        stamp_cache_mib=_mib("TRESEN_STAMP_CACHE_MIB", environ.get("TRESEN_STAMP_CACHE_MIB") or "2048"),
        accel_prefix=_prefix(environ.get("TRESEN_ACCEL_PREFIX", "")),
        presign_origins=_origins(environ.get("TRESEN_PRESIGN_ORIGINS", "")),
        fonts=_fonts(environ.get("TRESEN_FONTS", "")),
        backups_given=_backups(environ.get("TRESEN_BACKUPS", ""), data),
    ).serving()


def _proxies(text: str) -> str:
    for part in (part.strip() for part in text.split(",")):
        try:
            if part not in ("", "*"):
                ipaddress.ip_network(part, strict=False)
        except ValueError as error:
            raise ConfigError(
                f"TRESEN_TRUSTED_PROXIES takes addresses and networks such as 127.0.0.1,10.0.0.0/8, not {part}."
            ) from error
    return text


def _fonts(folder: str) -> Path | None:
    if folder and not Path(folder).is_dir():
        raise ConfigError(f"TRESEN_FONTS must be a folder of fonts; there is no {folder}.")
    return Path(folder).absolute() if folder else None


def _backups(folder: str, data: Path) -> Path | None:
    """A backup must not save itself."""
    if not folder:
        return None
    place = Path(folder).absolute()
    inside, left_out = place.resolve().is_relative_to(data.resolve()), (data / "backups").resolve()
    if inside and not place.resolve().is_relative_to(left_out):
        raise ConfigError(f"TRESEN_BACKUPS must lie outside {data}, or within {data / 'backups'}; {place} does not.")
    return place


def with_data_directory(config: Config) -> Config:
    """Makes the data directory and, unless the environment gives them, the secret keys in it; reads them.

    What this process makes from now on is for its user alone. Raises ConfigError.
    """
    os.umask(0o077)
    try:
        config.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        config.files.mkdir(exist_ok=True)
        config.cache.mkdir(exist_ok=True)
        if not config.secret_keys:
            _make_keys(config.data / KEY_FILE, config.database)
        keys = config.secret_keys or _kept_keys(config.data / KEY_FILE)
    except OSError as error:
        raise ConfigError(f"The data directory {config.data} cannot be used: {error.strerror}.") from error
    return replace(config, secret_keys=keys)


def with_kept_keys(config: Config) -> Config:
    """The same with the keys of its data directory, as far as they are there: nothing is made. Raises ConfigError."""
    place = config.data / KEY_FILE
    try:
        return config if config.secret_keys or not place.exists() else replace(config, secret_keys=_kept_keys(place))
    except OSError as error:
        raise ConfigError(f"The keys in {place} cannot be read: {error.strerror}.") from error


def _make_keys(place: Path, database: Path) -> None:
    """The first one, where nothing needs an older one. Raises ConfigError: with a new key, no link that a shop has sent
    would open, and nobody would be told why."""
    if place.exists():
        return
    if database.is_file() and database.stat().st_size:
        raise ConfigError(
            f"{place} is missing, and with another key no link that was sent opens: put it back from a backup, or set"
            f" TRESEN_SECRET_KEYS as it was. If it is lost for good, write {SHORTEST_KEY} or more characters into it"
            " that nobody can guess."
        )
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _kept_keys(place: Path) -> tuple[str, ...]:
    """The keys of the data directory, newest first, one a line."""
    try:
        keys = tuple(line.strip() for line in place.read_text(encoding="utf-8").splitlines() if line.strip())
    except UnicodeDecodeError as error:
        raise ConfigError(f"{place} is damaged: it is no text. Put it back from a backup.") from error
    if not keys:
        raise ConfigError(f"{place} holds no key; restore it from a backup, or every link that was sent stays dead.")
    return _checked_keys(keys)


def _checked_keys(keys: tuple[str, ...]) -> tuple[str, ...]:
    if short := [key for key in keys if len(key) < SHORTEST_KEY]:
        raise ConfigError(f"A secret key needs at least {SHORTEST_KEY} characters; one has {len(short[0])}.")
    return keys


def _origin(host: str, port: int) -> str:
    name = _own_address(host) if host in ANYWHERE else host
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def _own_address(host: str) -> str:
    """The first address of this machine that others can reach; no packet is sent to find it."""
    family = socket.AF_INET6 if host == "::" else socket.AF_INET
    target = "2001:db8::1" if family == socket.AF_INET6 else "192.0.2.1"  # reserved for documentation
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((target, 9))
            return str(probe.getsockname()[0])
        except OSError:
            return "::1" if family == socket.AF_INET6 else "127.0.0.1"


def _prefix(text: str) -> str:
    """Where the web server takes over, without a slash at its end; it goes into a header as it is."""
    if text and not PREFIX.fullmatch(text):
        raise ConfigError(f"TRESEN_ACCEL_PREFIX must be a path such as /tresen-files, not {text}.")
    return text.rstrip("/")


def _origins(text: str) -> tuple[str, ...]:
    given = (part.strip().rstrip("/") for part in text.split(","))
    return tuple(_checked_origin("TRESEN_PRESIGN_ORIGINS", part) for part in given if part)


def _checked_origin(name: str, url: str) -> str:
    """Scheme, host and port, as browsers write them; refused if the operator gave anything besides."""
    try:
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}".lower()
        is_one = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0  # asking for it checks it
    except ValueError:
        origin, is_one = "", False
    if not is_one or origin != url.lower() or not ORIGIN.fullmatch(origin):
        raise ConfigError(f"{name} must be an origin such as https://portal.example.org, not {url}.")
    return origin


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 <= int(text) <= 65535:
        raise ConfigError(f"TRESEN_PORT must be a number from 0 to 65535, not {text}.")
    return int(text)


def _mib(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < len(text) < 10:
        raise ConfigError(f"{name} must be a whole number of MiB such as 2048, not {text}.")
    return int(text)


def _roots(text: str, default: Path) -> tuple[Path, ...]:
    roots = tuple(Path(part) for part in text.split(":") if part)
    if relative := [root for root in roots if not root.is_absolute()]:
        raise ConfigError(f"TRESEN_LOCAL_ROOTS takes absolute folders, not {relative[0]}.")
    return roots or (default,)


def _zone(name: str) -> ZoneInfo | None:
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: a folder of zones, such as Europe
        raise ConfigError(f"TRESEN_TIMEZONE must be a zone such as Europe/Berlin, not {name}.") from error


def _one_of(name: str, value: str, choices: tuple[str, ...]) -> str:
    if value.lower() not in choices:
        raise ConfigError(f"{name} must be one of {', '.join(choices)}, not {value}.")
    return value.lower()
