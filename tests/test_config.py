"""TRESEN_* from the environment: what is meant is understood, what is mistyped is refused in one sentence."""

from __future__ import annotations

import stat
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from config import KEY_FILE, NAMES, Config, ConfigError, from_environment, with_data_directory


def test_nothing_needs_to_be_set():
    config = from_environment({})

    assert (config.host, config.port, config.base_url) == ("127.0.0.1", 8000, "http://127.0.0.1:8000")
    assert config.data == Path("tresen-data").absolute()
    assert config.local_roots == (config.data / "files",)
    assert not config.base_url_given


def test_an_empty_name_is_the_same_as_none():
    assert from_environment(dict.fromkeys(NAMES, "")) == from_environment({})


@pytest.mark.parametrize("name", ["TRESEN_BASEURL", "TRESEN_", "TRESEN_base_url", "TRESEN_DATA_"])
def test_an_unknown_name_is_refused_and_named(name):
    with pytest.raises(ConfigError, match=name):
        from_environment({name: "x"})


@pytest.mark.parametrize("proxies", ["foo", "127.0.0.1/99", "127.0.0.1,proxy.example.org", "::1::"])
def test_proxies_are_addresses_and_networks(proxies):
    with pytest.raises(ConfigError, match="TRESEN_TRUSTED_PROXIES"):
        from_environment({"TRESEN_TRUSTED_PROXIES": proxies})


@pytest.mark.parametrize("proxies", ["127.0.0.1", "10.0.0.0/8, ::1", "10.0.0.1/8", "*", ""])
def test_proxies_that_can_be_trusted(proxies):
    assert from_environment({"TRESEN_TRUSTED_PROXIES": proxies}).trusted_proxies == proxies


def test_keys_that_are_none_are_refused():
    with pytest.raises(ConfigError, match="TRESEN_SECRET_KEYS"):
        from_environment({"TRESEN_SECRET_KEYS": " , "})


def test_names_of_others_are_none_of_our_business():
    from_environment({"PATH": "/bin", "tresen_data": "x", "MY_TRESEN_DATA": "x"})


@pytest.mark.parametrize(
    ("given", "origin"),
    [
        ("https://portal.example.org", "https://portal.example.org"),
        ("https://portal.example.org/", "https://portal.example.org"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("HTTPS://Portal.Example.org", "https://portal.example.org"),
    ],
)
def test_a_base_url_is_an_origin(given, origin):
    config = from_environment({"TRESEN_BASE_URL": given})

    assert (config.base_url, config.base_url_given) == (origin, True)


@pytest.mark.parametrize(
    "url",
    [
        "portal.example.org",
        "ftp://portal.example.org",
        "https://",
        "https://portal.example.org/shop",
        "https://portal.example.org?x=1",
        "https://portal.example.org?",
        "https://portal.example.org#top",
        "https://me@portal.example.org",
        "https://:secret@portal.example.org",
        "https://portal.example.org:99999",
        "https://portal.example.org:x",
        "https://[::1",
        "https://portal example.org",
        "javascript:alert(1)",
    ],
)
def test_what_is_no_origin_is_refused_in_one_sentence(url):
    with pytest.raises(ConfigError, match="TRESEN_BASE_URL must be an origin"):
        from_environment({"TRESEN_BASE_URL": url})


def test_the_served_address_becomes_the_origin_only_where_none_is_given():
    assert from_environment({}).serving("127.0.0.1", 8123).base_url == "http://127.0.0.1:8123"
    assert from_environment({}).serving("::1", 8123).base_url == "http://[::1]:8123"

    given = from_environment({"TRESEN_BASE_URL": "https://portal.example.org"})
    assert given.serving("127.0.0.1", 8123).base_url == "https://portal.example.org"


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_listening_everywhere_the_links_lead_to_an_address_that_others_can_reach(host):
    assert "0.0.0.0" not in from_environment({"TRESEN_HOST": host}).base_url
    assert "[::]" not in from_environment({"TRESEN_HOST": host}).base_url


@pytest.mark.parametrize("port", ["x", "-1", "65536", "80.0", "٣٠٠٠", " 80"])
def test_a_port_is_a_number(port):
    with pytest.raises(ConfigError, match="TRESEN_PORT"):
        from_environment({"TRESEN_PORT": port})


@pytest.mark.parametrize("zone", ["Berlin", "Europe", "Europe/", "../etc/passwd", "/etc/localtime", "Europe/Berlin/x"])
def test_a_zone_is_one_that_is_known(zone):
    with pytest.raises(ConfigError, match="TRESEN_TIMEZONE"):
        from_environment({"TRESEN_TIMEZONE": zone})


def test_the_environment_fixes_the_zone_only_if_it_names_one():
    assert from_environment({}).timezone is None
    assert from_environment({"TRESEN_TIMEZONE": "America/St_Johns"}).timezone == ZoneInfo("America/St_Johns")


def test_local_roots_are_absolute_folders():
    assert from_environment({"TRESEN_LOCAL_ROOTS": "/srv/a:/srv/b:"}).local_roots == (Path("/srv/a"), Path("/srv/b"))
    with pytest.raises(ConfigError, match="files"):
        from_environment({"TRESEN_LOCAL_ROOTS": "/srv/a:files"})


@pytest.mark.parametrize(("name", "value"), [("TRESEN_LOG_LEVEL", "loud"), ("TRESEN_LOG_FORMAT", "xml")])
def test_a_log_knows_few_words(name, value):
    with pytest.raises(ConfigError, match=name):
        from_environment({name: value})


def test_the_folder_of_fonts_must_be_there(tmp_path):
    assert from_environment({"TRESEN_FONTS": str(tmp_path)}).fonts == tmp_path
    assert from_environment({}).fonts is None
    with pytest.raises(ConfigError, match="TRESEN_FONTS"):
        from_environment({"TRESEN_FONTS": str(tmp_path / "none")})


# --- Secret keys


@pytest.mark.parametrize("text", ["-1", "2 GB", "1.5", "1" * 12])
def test_room_for_stamped_copies_is_a_whole_number_of_mib(text):
    assert from_environment({"TRESEN_STAMP_CACHE_MIB": "0"}).stamp_cache_mib == 0
    with pytest.raises(ConfigError, match="TRESEN_STAMP_CACHE_MIB must be a whole number"):
        from_environment({"TRESEN_STAMP_CACHE_MIB": text})


@pytest.mark.parametrize("text", ["files", "/", "/a b", "/a;b", "//", "/a\nb"])
def test_where_the_web_server_takes_over_is_a_path(text):
    assert from_environment({"TRESEN_ACCEL_PREFIX": "/tresen-files/"}).accel_prefix == "/tresen-files"
    with pytest.raises(ConfigError, match="TRESEN_ACCEL_PREFIX must be a path"):
        from_environment({"TRESEN_ACCEL_PREFIX": text})


@pytest.mark.parametrize("text", ["s3.example.org", "https://s3.example.org/shop", "https://s3.example.org;x"])
def test_storages_that_send_by_themselves_are_named_by_their_origins(text):
    two = from_environment({"TRESEN_PRESIGN_ORIGINS": "https://S3.example.org/, http://127.0.0.1:9000"})

    assert two.presign_origins == ("https://s3.example.org", "http://127.0.0.1:9000")
    with pytest.raises(ConfigError, match="TRESEN_PRESIGN_ORIGINS must be an origin"):
        from_environment({"TRESEN_PRESIGN_ORIGINS": text})


def test_keys_are_made_for_their_owner_alone_and_used_again(tmp_path):
    first = with_data_directory(Config(data=tmp_path / "data"))
    second = with_data_directory(Config(data=tmp_path / "data"))

    place = tmp_path / "data" / KEY_FILE
    assert first.secret_keys == second.secret_keys
    assert len(first.secret_keys) == 1
    assert len(first.secret_keys[0]) >= 32
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700


def test_two_shops_never_have_the_same_key(tmp_path):
    one, other = (with_data_directory(Config(data=tmp_path / name)) for name in ("a", "b"))

    assert one.secret_keys != other.secret_keys


def test_keys_of_the_environment_come_newest_first_and_leave_no_file(tmp_path):
    given = "the new key of sixteen, the old key of sixteen ,"
    config = from_environment({"TRESEN_SECRET_KEYS": given, "TRESEN_DATA": str(tmp_path / "data")})

    assert with_data_directory(config).secret_keys == ("the new key of sixteen", "the old key of sixteen")
    assert not (tmp_path / "data" / KEY_FILE).exists()


@pytest.mark.parametrize("keys", ["short", "the new key of sixteen,short", "fifteen letters"])
def test_short_keys_are_refused_without_being_told_again(keys):
    with pytest.raises(ConfigError, match="at least 16") as refused:
        from_environment({"TRESEN_SECRET_KEYS": keys})
    assert keys not in str(refused.value)


def test_a_key_file_is_read_line_by_line_newest_first(tmp_path):
    (tmp_path / KEY_FILE).write_text("the new key of sixteen\n\nthe old key of sixteen\n")

    config = with_data_directory(Config(data=tmp_path))

    assert config.secret_keys == ("the new key of sixteen", "the old key of sixteen")


@pytest.mark.parametrize("content", ["", "\n \n", "short\n"])
def test_an_empty_key_file_is_no_reason_to_make_new_keys(tmp_path, content):
    """Every link that was sent would be dead, and nobody would know why."""
    (tmp_path / KEY_FILE).write_text(content)

    with pytest.raises(ConfigError):
        with_data_directory(Config(data=tmp_path))
    assert (tmp_path / KEY_FILE).read_text() == content


@pytest.mark.parametrize("place", ["a file", "a file/below"])
def test_a_data_directory_that_cannot_be_is_refused_in_one_sentence(tmp_path, place):
    (tmp_path / "a file").write_text("")

    with pytest.raises(ConfigError, match="data directory"):
        with_data_directory(Config(data=tmp_path / place))


def test_scheduled_backups_never_lie_in_what_they_save(tmp_path):
    data = {"TRESEN_DATA": str(tmp_path)}

    assert from_environment(data).backups == tmp_path / "backups" / "scheduled"
    assert from_environment({**data, "TRESEN_BACKUPS": "/mnt/backups"}).backups == Path("/mnt/backups")
    with pytest.raises(ConfigError, match="TRESEN_BACKUPS"):
        from_environment({**data, "TRESEN_BACKUPS": str(tmp_path / "files")})
