"""Opening a PDF that a stranger made: what is refused, and what is noted."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pikepdf
import pypdfium2

from pdfkit import belongings
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


class Paper:
    """An open PDF with at least one page."""

    def __init__(self, pdf: pikepdf.Pdf, path: Path) -> None:
        self.pdf = pdf
        self.repaired = False
        self.signed = belongings.is_signed(pdf)
        self._portfolio = belongings.is_portfolio(pdf)
        self._files_inside = belongings.has_files_inside(pdf)
        self._path = path
        self._pages = len(pdf.pages)
        self.heed()

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
            Caution.PORTFOLIO: self._portfolio,
            Caution.FILES_INSIDE: self._files_inside and not self._portfolio,
        }
        return tuple(caution for caution, applies in noted.items() if applies)

    def look_for_paper_clips(self) -> None:
        """Files may hang on pages as well, which all have to be asked."""
        self._files_inside = self._files_inside or belongings.has_paper_clips(self.pdf)

    def heed(self, mended: bool = False) -> None:
        """Takes note of what the library had to mend since it was asked last: some damage is met with only when an
        object is read, or written. `mended`: somebody else had to, too. Raises StampFailed where a second reader sees
        other pages: a rebuilt book may lack its second half.
        """
        complaints = [str(warning) for warning in self.pdf.get_warnings()]
        if any("memory limit exceeded" in complaint for complaint in complaints):
            raise StampFailed(Cause.TOO_LARGE, complaints[-1])
        if complaints and _pages_elsewhere(self._path) != self._pages:
            raise StampFailed(Cause.DAMAGED, complaints[0])
        self.repaired |= mended or any("file is damaged" in complaint for complaint in complaints)


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
        if belongings.is_dynamic_form(pdf):
            raise StampFailed(Cause.DYNAMIC_FORM)
        yield Paper(pdf, path)


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


def _pages_elsewhere(path: Path) -> int:
    try:
        with pypdfium2.PdfDocument(path) as document:
            return len(document)
    except pypdfium2.PdfiumError:
        return 0
