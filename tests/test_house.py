"""What the house promises about itself: lint rules that no linter knows, and what a release holds.

Every rule reads the project's own files as they lie on the disk, so it needs no version control.
"""

import ast
import hashlib
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("routes", "views", "portal", "integrations", "pdfkit", "db", "demo")
LOOSE = (
    "app.py", "assembly.py", "command_line.py", "config.py", "handover.py", "logs.py", "serving.py", "stamping.py",
    "upkeep.py",
)  # fmt: skip
SHIPPED = (*ROOMS, "components", "static")
NOT_OURS = {"build", "dist", "tresen-data", "__pycache__", "node_modules", "corpus"}
VENDOR = ROOT / "static" / "vendor"

LEAVING_OUR_HTML = {"pay", "start-download", "start-archive", "get-invoice", "give-waiver"}
MAY_SAY_ANY = {"db/one_hop.py", "views/__init__.py", "routes/given.py"}
KNOWS_HTMX = "views/__init__.py"
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "manager", "service", "misc"}


# --- Reading the project


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def is_ours(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    hidden = any(part.startswith(".") and part not in {".ci", ".gitignore"} for part in parts)
    return not hidden and not NOT_OURS.intersection(parts) and not any(part.endswith(".egg-info") for part in parts)


def files_in(*folders: str, suffixes: tuple[str, ...] = ()) -> list[Path]:
    found = (path for folder in folders for path in (ROOT / folder).rglob("*"))
    return sorted(
        path for path in found if path.is_file() and is_ours(path) and path.suffix in (suffixes or {path.suffix})
    )


def everything() -> list[Path]:
    return files_in(".")


def text_of(path: Path) -> str:
    """The text of a file; of pictures, fonts and documents nothing."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def sources() -> list[Path]:
    """The Python that runs at a merchant's."""
    return [
        *(path for path in (ROOT / file for file in LOOSE) if path.exists()),
        *files_in(*ROOMS, suffixes=(".py",)),
    ]


def templates() -> list[Path]:
    return files_in("views", "components", suffixes=(".html",))


def pages() -> list[Path]:
    """Templates that a browser shows. Mails are none: there, a style attribute is all the style there is."""
    return [path for path in templates() if not name(path).startswith(("views/mail/", "views/layouts/mail."))]


def markup(path: Path) -> str:
    """A template without Jinja's comments, which never reach a browser."""
    return re.sub(r"\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)


def places(pattern: str, paths: list[Path]) -> list[str]:
    """Where the pattern stands, as file:line."""
    found = re.compile(pattern)
    return [
        f"{name(path)}:{number}"
        for path in paths
        for number, line in enumerate(text_of(path).splitlines(), start=1)
        if found.search(line)
    ]


# --- Pages work without JavaScript, and the content security policy never has to forgive


def test_no_template_has_a_handler_in_an_attribute():
    assert places(r"\bhx-on\b", templates()) == []
    assert places(r"""\son[a-z]+\s*=\s*["'{]""", templates()) == []


def test_no_page_has_a_style_of_its_own():
    assert places(r"<style\b|\sstyle\s*=", pages()) == []


def test_every_script_is_a_file():
    scripts = [
        (name(path), *script)
        for path in pages()
        for script in re.findall(r"<script\b([^>]*)>(.*?)</script", markup(path), re.S)
    ]

    assert [script for script in scripts if "src=" not in script[1] or script[2].strip()] == []


def forms(path: Path) -> Iterator[tuple[str, str]]:
    """Each form's opening tag, and the form with all that stands in it. A tag may hold Jinja with a > in it."""
    tag = r"<form\b(?:\{\{.*?\}\}|\{%.*?%\}|[^>])*>"
    for form in re.finditer(rf"({tag})(.*?)(?:</form>|\Z)", markup(path), re.S):
        yield form[1], form[0]


def test_forms_whose_answer_leaves_our_html_are_plain_forms():
    """fetch() cannot follow to PayPal and would put a raw PDF into the page."""
    swapped = []
    for path in templates():
        for opening, form in forms(path):
            deed = re.search(r"""data-deed\s*=\s*["']([^"']*)""", opening)
            # A deed that is only known when the page is rendered may be any of them.
            leaves = deed and (deed[1] in LEAVING_OUR_HTML or "{" in deed[1])
            if leaves and re.search(r"\s(?:data-)?hx-", form):
                swapped.append(f"{name(path)}: {opening}")

    assert swapped == []


def test_only_the_rendering_machinery_has_heard_of_htmx_headers():
    code = [
        *sources(),
        *templates(),
        *(path for path in files_in("static", suffixes=(".js",)) if VENDOR not in path.parents),
    ]

    assert places(r"\bHX-[A-Z]", [path for path in code if name(path) != KNOWS_HTMX]) == []


# --- Names, sizes, types


def test_nothing_has_a_name_that_says_nothing():
    assert [
        name(path)
        for path in everything()
        if NAMES_THAT_SAY_NOTHING.intersection({*path.relative_to(ROOT).parts, path.stem})
    ] == []


def test_no_file_of_a_room_is_too_long_to_read():
    grown = [path for path in sources() if len(text_of(path).splitlines()) > 400]
    assert [name(path) for path in grown if "migrations" not in path.parts] == []  # a schema is one list, however long


def says_any(path: Path) -> bool:
    tree = ast.parse(text_of(path))
    imported = any(
        alias.name == "Any" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names
    )
    qualified = any(
        isinstance(node, ast.Attribute) and ast.unparse(node) in {"typing.Any", "t.Any"} for node in ast.walk(tree)
    )
    return imported or qualified


def test_any_is_said_only_where_a_library_says_it_first():
    assert [name(path) for path in sources() if name(path) not in MAY_SAY_ANY and says_any(path)] == []


def test_whoever_overrules_a_checker_says_which_rule():
    code = [*sources(), *files_in("tests", "e2e", "bench", ".ci", suffixes=(".py",))]

    assert places(r"#\s*type:\s*ignore(?!\[)", code) == []
    assert places(r"#\s*noqa(?!: [A-Z])", code) == []


def test_no_test_is_skipped_or_expected_to_fail():
    assert (
        places(r"\bpytest\.(?:mark\.)?(?:skip|xfail|importorskip)", files_in("tests", "e2e", suffixes=(".py",))) == []
    )


# --- What stands in the repository is the project's alone


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_names_no_index(lock):
    assert places(r"(?:https?|file)://|--(?:extra-)?index-url|--find-links", [ROOT / lock]) == []


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_every_locked_package_has_a_version_and_a_hash(lock):
    entries = re.split(r"\n(?=\w)", text_of(ROOT / lock).strip())

    assert [entry for entry in entries if not re.match(r"[\w.-]+==\S+.*--hash=sha256:[0-9a-f]{64}", entry, re.S)] == []


def pins(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==(\S+)", text_of(ROOT / lock), re.M))


def test_whoever_develops_runs_what_the_merchant_runs():
    assert pins("requirements.lock").items() <= pins("requirements-dev.lock").items()


def test_no_file_names_a_place_on_somebodys_machine():
    homes = "|".join(("work", "root", "home", "Users"))

    assert places(rf"(?<![\w.\-}}>/])/(?:{homes})/", everything()) == []


# --- Vendored files


def vendored() -> dict[str, str]:
    """File → SHA-256, as the list says."""
    listed = re.findall(r"^([0-9a-f]{64})  (\S+)$", text_of(VENDOR / "VENDOR.txt"), re.M)
    return {file: sha256 for sha256, file in listed}


def test_every_vendored_file_is_listed_and_unchanged():
    files = [path for path in VENDOR.rglob("*") if path.is_file() and path.name != "VENDOR.txt"]
    there = {path.relative_to(VENDOR).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    assert there == vendored()


def test_every_vendored_package_says_what_it_is_and_brings_its_licence():
    blocks = [block for block in text_of(VENDOR / "VENDOR.txt").split("\n\n") if block.startswith("name: ")]
    said = [dict(re.findall(r"^(\w+): (\S.*)$", block, re.M)) for block in blocks]

    assert [block for block in said if block.keys() != {"name", "version", "licence", "origin"}] == []
    assert {f"{block['name']}-{block['version']}" for block in said} == {
        path.name for path in VENDOR.iterdir() if path.is_dir()
    }
    assert [path.name for path in VENDOR.iterdir() if path.is_dir() and not (path / "LICENSE").is_file()] == []


# --- What the operator reads is true


def test_every_setting_of_the_environment_is_documented():
    known = set(re.findall(r"TRESEN_[A-Z][A-Z_]*[A-Z]", text_of(ROOT / "config.py")))
    documented = "".join(text_of(path) for path in [ROOT / "README.md", *files_in("docs", suffixes=(".md",))])

    assert known
    assert {setting for setting in known if setting not in documented} == set()


def declared_version() -> str:
    return str(tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]["version"])


def test_the_command_prints_the_version_that_is_declared(tmp_path):
    command = [sys.executable, "-c", "import app; app.main()", "version"]
    said = subprocess.run(
        command, cwd=ROOT, env={"TRESEN_DATA": str(tmp_path)}, capture_output=True, text=True, timeout=60, check=True
    )

    assert declared_version() in said.stdout.replace(",", " ").split()


def test_the_changelog_speaks_of_the_version_that_is_declared():
    assert re.search(rf"^## \[?(?:{re.escape(declared_version())}|Unreleased)\b", text_of(ROOT / "CHANGELOG.md"), re.M)


# --- The wheel


def wheel_of_a_copy(folder: Path) -> Path:
    """Built from a copy, so that the build leaves nothing among the sources."""
    copy = folder / "copy"
    for path in everything():
        target = copy / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "-w",
        str(folder),
        ".",
    ]
    subprocess.run(build, cwd=copy, check=True, timeout=100, capture_output=True)
    return next(folder.glob("tresen-*.whl"))


def test_the_wheel_holds_every_file_of_every_room_and_nothing_else(tmp_path):
    rooms = {name(path) for path in files_in(*SHIPPED)} | set(LOOSE)

    packed = zipfile.ZipFile(wheel_of_a_copy(tmp_path)).namelist()

    assert {file for file in packed if ".dist-info/" not in file} == rooms
