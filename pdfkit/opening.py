"""Opening a PDF that a stranger made: what is refused, and what is noted."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pikepdf
import pypdfium2

from pdfkit.outcome import Cause, Caution, StampFailed

MOST_BYTES = 500 * 2**20
MOST_PAGES = 10_000
_MOST_INFLATED = 64 * 2**20  # of one stream that has to be read, such as an object stream
_HEADER_WITHIN = 1024  # bytes; readers look no further for %PDF-

# Process-wide in qpdf, so set once: a file of a few kilobytes may claim gigabytes.
pikepdf.settings.set_qpdf_limits(
    flate_max_memory=_MOST_INFLATED,
    png_max_memory=_MOST_INFLATED,
    tiff_max_memory=_MOST_INFLATED,
    run_length_max_memory=_MOST_INFLATED,
)


@dataclass(frozen=True)
class Paper:
    """An open PDF with at least one page."""

    pdf: pikepdf.Pdf
    repaired: bool
    signed: bool

    @property
    def protected(self) -> bool:
        """Whether an owner password forbade something."""
        return self.pdf.is_encrypted

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """What to know before stamping it."""
        noted = {
            Caution.PROTECTION_REMOVED: self.protected,
            Caution.SIGNATURE_BROKEN: self.signed,
            Caution.REPAIRED: self.repaired,
        }
        return tuple(caution for caution, applies in noted.items() if applies)


@contextmanager
def opened(path: Path) -> Iterator[Paper]:
    """Raises StampFailed for everything that is no usable PDF, from here or from inside the block;
    OSError if the file itself cannot be read or written."""
    _check_bytes(path)
    with _judged(), pikepdf.open(path, inherit_page_attributes=False) as pdf:
        pages = len(pdf.pages)
        if not pages:
            raise StampFailed(Cause.NO_PAGES)
        if pages > MOST_PAGES:
            raise StampFailed(Cause.TOO_MANY_PAGES, f"{pages} pages")
        yield Paper(pdf, repaired=_is_repaired(pdf, path, pages), signed=_is_signed(pdf))


def _check_bytes(path: Path) -> None:
    size = path.stat().st_size
    if not size:
        raise StampFailed(Cause.EMPTY)
    if size > MOST_BYTES:
        raise StampFailed(Cause.TOO_LARGE, f"{size} bytes")
    with path.open("rb") as file:
        if b"%PDF-" not in file.read(_HEADER_WITHIN):
            raise StampFailed(Cause.NOT_A_PDF)


@contextmanager
def _judged() -> Iterator[None]:
    try:
        yield
    except pikepdf.PasswordError as error:
        raise StampFailed(Cause.LOCKED, str(error)) from error
    except OSError as error:
        if error.errno == errno.EFBIG:  # the child's limit on what it may write
            raise StampFailed(Cause.TOO_LARGE, "the stamped file") from error
        raise
    except MemoryError as error:
        raise StampFailed(Cause.TOO_LARGE, "out of memory") from error
    except (
        pikepdf.PdfError,
        ArithmeticError,
        AttributeError,
        LookupError,
        RuntimeError,
        TypeError,
        ValueError,
    ) as error:
        # pikepdf answers objects of an unexpected kind with any of these.
        raise StampFailed(Cause.DAMAGED, str(error)) from error


def _is_repaired(pdf: pikepdf.Pdf, path: Path, pages: int) -> bool:
    """Whether the file had to be rebuilt. A rebuilt book may lack its second half, so a second reader
    must open the same file and see as many pages."""
    complaints = [str(warning) for warning in pdf.get_warnings()]
    if any("memory limit exceeded" in complaint for complaint in complaints):
        raise StampFailed(Cause.TOO_LARGE, complaints[-1])
    if complaints and _pages_elsewhere(path) != pages:
        raise StampFailed(Cause.DAMAGED, complaints[0])
    return any("file is damaged" in complaint for complaint in complaints)


def _pages_elsewhere(path: Path) -> int:
    try:
        with pypdfium2.PdfDocument(path) as document:
            return len(document)
    except pypdfium2.PdfiumError:
        return 0


def _is_signed(pdf: pikepdf.Pdf) -> bool:
    if "/Perms" in pdf.Root:
        return True
    form = pdf.Root.get("/AcroForm")
    if not isinstance(form, pikepdf.Dictionary):
        return False
    flags = form.get("/SigFlags")
    return isinstance(flags, int) and bool(flags & 1)
