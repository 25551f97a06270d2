"""What `tresen stamp` does and says: one file, stamped as for a customer, by the same child under the same limits."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from pathlib import Path

from command_line import Failure, Misuse
from config import Config
from pdfkit.child import Child
from pdfkit.outcome import Cause, Caution, Report, StampFailed, Style

_CAUSES = {
    Cause.LOCKED: "only its password opens it",
    Cause.NOT_A_PDF: "it is no PDF",
    Cause.EMPTY: "it is empty",
    Cause.DAMAGED: "it is damaged",
    Cause.NO_PAGES: "it has no pages",
    Cause.TOO_LARGE: "it is too large",
    Cause.TOO_MANY_PAGES: "it has too many pages",
    Cause.DYNAMIC_FORM: "some readers draw a form of their own instead of its pages (XFA)",
    Cause.TIMEOUT: "it takes too long",
    Cause.CRASHED: "it is made in a way that no program here can read",
}
_CAUTIONS = {
    Caution.CHARACTERS_REPLACED: "No font has some characters of the text; a mark stands in their place.",
    Caution.TEXT_SHRUNK: "On at least one page the text was too long, and is smaller there.",
    Caution.TEXT_MOVED: "On at least one page the place lay outside, and the text stands as near as it could.",
    Caution.PROTECTION_REMOVED: "Its owner password forbade changes; the copy is not protected.",
    Caution.SIGNATURE_BROKEN: "It was signed; the signature does not cover the copy.",
    Caution.REPAIRED: "It was damaged and had to be rebuilt; compare the number of pages.",
    Caution.PORTFOLIO: "It is a portfolio: readers show the files inside it, and those are not stamped.",
    Caution.FILES_INSIDE: "There are files inside it, and those are not stamped.",
    Caution.HARD_TO_SEE: "On a page that was looked at, the text can hardly be seen.",
}


def stamp(arguments: Namespace, config: Config) -> None:
    """Raises Misuse or Failure; then OUT.pdf is as it was."""
    source: Path = arguments.source
    target: Path = arguments.target
    if target.exists() and source.exists() and target.samefile(source):
        raise Misuse("The stamped copy needs another name than the original.")
    if not target.absolute().parent.is_dir():
        raise Failure(f"There is no folder {target.absolute().parent} for the stamped copy.")
    try:
        report = asyncio.run(_stamped(arguments, config))
    except StampFailed as failed:
        raise Failure(f"{source} cannot be stamped: {_CAUSES[failed.cause]}.") from failed
    except OSError as error:
        raise Failure(f"{source} was not stamped: {error.strerror}.") from error
    except ValueError as error:
        raise Misuse("The text to stamp shows nothing.") from error
    print(f"{target}: {report.pages} {'page bears' if report.pages == 1 else 'pages bear'} the text.")
    for caution in report.warnings:
        print(_CAUTIONS[caution])


async def _stamped(arguments: Namespace, config: Config) -> Report:
    child = Child(fonts=config.fonts)
    style = Style(font_size_pt=arguments.size, x_mm=arguments.x, y_mm=arguments.y)
    try:
        return await child.stamp(arguments.source, arguments.target, arguments.text, style)
    finally:
        await child.close()
