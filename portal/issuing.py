"""Invoices and credit notes are issued: a number is spent in the very transaction that stores its document.

The document is drawn and checked with the number that will be its own if all goes well, while nobody waits for the
database; it is stored only if that is the next one then, and if nothing has changed of what it was made from. A crash
at any moment leaves either nothing or all of it.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol
from weakref import WeakValueDictionary
from zoneinfo import ZoneInfo

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from db.activity import Activity
from db.automations import Trigger
from db.engine import Database
from db.invoices import DocumentFormat, Invoice, InvoiceDocument, InvoiceKind, InvoiceSnapshot, Issuer
from pdfkit import paper
from pdfkit.paper import Paper, PaperCause, PaperRefused, Printed
from portal import invoice_drafts, invoice_notices, number_series, seals, source_reports, triggers
from portal.activity import By, entry
from portal.credit_notes import NewCreditNote
from portal.invoice_drafts import Draft, Existing, Wish
from portal.invoice_lines import NotIssued
from portal.number_series import Place
from portal.refusals import Overtaken, Refusal, Refused
from portal.turns import Turn, Turns

AT_ONCE = 2  # documents of one series that are drawn at a time: there are as many children
TRIES = 8  # of an order, or of what is printed of the shop, that changes again and again meanwhile
RENDERER = "2"  # goes up with every change of how documents look
FILES = {
    DocumentFormat.PDF: paper.PDF_NAME,
    DocumentFormat.XML: paper.XML_NAME,
    DocumentFormat.XRECHNUNG: paper.XRECHNUNG_NAME,
}
REFUSALS = {
    PaperCause.NO_GLYPH: Refusal.CHARACTER_UNPRINTABLE,
    PaperCause.UNKNOWN_COUNTRY: Refusal.ADDRESS_INCOMPLETE,
    PaperCause.UNKNOWN_CURRENCY: Refusal.FOREIGN_CURRENCY,
    PaperCause.SUMS_INCONSISTENT: Refusal.AMOUNTS_INCONSISTENT,
    PaperCause.TAX_INCONSISTENT: Refusal.TAX_RATE_UNKNOWN,
}
INCOMPLETE = {"seller": Refusal.SELLER_INCOMPLETE, "buyer": Refusal.ADDRESS_INCOMPLETE}
log = logging.getLogger("tresen.issuing")


class Press(Protocol):
    """What draws documents; it fulfils its limits in a process of its own."""

    async def document(self, paper: Paper, folder: Path) -> Printed:
        """Writes the files of the document into the folder.

        Raises PaperRefused, ValueError for what no paper can be, OSError; then no file is whole.
        """
        ...


@dataclass(frozen=True)
class Drawn:
    """A document with the place it was drawn for."""

    draft: Draft
    place: Place
    files: dict[DocumentFormat, bytes]

    @property
    def bears_its_number(self) -> bool:
        """Whether it says the very number that its row will: its XML does in an element of its own."""
        return f">{self.place.number}<".encode() in self.files[DocumentFormat.XML]


Drafted = Callable[[AsyncSession], Awaitable[Draft | Existing]]


@dataclass(frozen=True)
class Issuing:
    """What issuing needs. Documents of one series are stored one after the other; the database has the last word."""

    database: Database
    press: Press
    scratch: Path
    zone: ZoneInfo | None
    _orders: WeakValueDictionary[int, asyncio.Lock] = field(default_factory=WeakValueDictionary)
    _series: defaultdict[str, Turns] = field(default_factory=lambda: defaultdict(partial(Turns, AT_ONCE)))

    async def invoice(self, order_id: int, by: By) -> int:
        """The id of the order's invoice, as its customer gets it: the one that stands, else the first one.

        Raises Refused (NotIssued where the merchant has something to mend, and was told), and NotFound.
        INVOICE_FAILED without a NotIssued means that what the document says changed faster than it could be drawn.
        """
        return await self._wished(Wish(order_id=order_id, is_by_hand=False, at=by.at), by)

    async def by_hand(self, order_id: int, by: By) -> int:
        """The id of a new invoice, the merchant's own deed: the first one, or one more after all of the last was taken
        back. Raises as `invoice` does, and Refused(ALREADY_INVOICED) while something of one is left.
        """
        return await self._wished(Wish(order_id=order_id, is_by_hand=True, at=by.at), by)

    async def _wished(self, wish: Wish, by: By) -> int:
        order_id = wish.order_id

        def drafted(session: AsyncSession) -> Awaitable[Draft | Existing]:
            return invoice_drafts.of_invoice(wish, session, self.zone)

        try:
            async with self._orders.setdefault(order_id, asyncio.Lock()):  # the second click finds the first's invoice
                return await self._issued(drafted, by)
        except NotIssued as not_issued:
            await self._tell(order_id, not_issued, by)
            raise

    async def credit_note(self, invoice_id: int, wanted: NewCreditNote, by: By, *, seen: int | None = None) -> int:
        """The id of the new credit note. Raises NotFound, Conflict, Invalid and Refused, mostly NotIssued.

        `seen` is how many credit notes of this invoice there were when somebody chose to write one more: where there
        are others by now, as after a second click, raises Overtaken.
        """

        async def drafted(session: AsyncSession) -> Draft | Existing:
            if seen is not None and await invoice_drafts.credit_notes_of(invoice_id, session) != seen:
                raise Overtaken
            return await invoice_drafts.of_credit_note(invoice_id, wanted, session, by.at, self.zone)

        return await self._issued(drafted, by)

    async def _issued(self, drafted: Drafted, by: By) -> int:
        for tried in range(TRIES):
            found = await self._read(drafted)
            if isinstance(found, Existing):
                return found.invoice_id
            async with self._series[found.series.prefix(found.today.year)].turn() as turn:
                if tried:
                    await turn.comes()  # without a guess at what becomes of those in front
                if stored := await self._in_turn(found, turn, by):
                    return stored
        raise Refused(Refusal.INVOICE_FAILED)  # nothing is to be mended: the next click comes at a quieter moment

    async def _read(self, drafted: Drafted) -> Draft | Existing:
        async with self.database.reading() as session:
            return await drafted(session)

    async def _in_turn(self, draft: Draft, turn: Turn, by: By) -> int | None:
        """The id; None where what was drafted has changed meanwhile, or where somebody in front did not finish."""
        async with self.database.reading() as session:
            ahead = turn.ahead
            place = await number_series.upcoming(draft.series, draft.today, session)
        if place.is_ahead_of(draft.today):
            raise NotIssued(Refusal.DAY_AHEAD, place.issued_on.isoformat())
        drawn = await self._drawn(draft, place.after(ahead))
        await turn.comes()
        try:
            return await self._stored(drawn, by)
        except IntegrityError as error:  # the database has the last word: nothing of it is there
            log.exception("%s was not stored", drawn.place.number)
            raise NotIssued(Refusal.NUMBER_TAKEN, drawn.place.number) from error

    async def _drawn(self, draft: Draft, place: Place) -> Drawn:
        with TemporaryDirectory(dir=self.scratch, prefix="invoice-") as folder:
            numbered = draft.snapshot.numbered(place.number, place.issued_on)
            try:
                await self.press.document(numbered.paper, Path(folder))
            except PaperRefused as refused:
                log.warning("no document for order %s: %s", draft.order_id, refused.cause)
                raise _not_issued(refused) from refused
            except OSError as error:  # a full disk is the merchant's to mend, too
                log.exception("no document for order %s", draft.order_id)
                raise NotIssued(Refusal.INVOICE_FAILED, error.strerror or str(error)) from error
            except ValueError as error:
                log.exception("no document for order %s", draft.order_id)
                raise NotIssued(Refusal.INVOICE_FAILED) from error
            drawn = Drawn(draft, place, await asyncio.to_thread(_files, Path(folder)))
        if not drawn.bears_its_number:
            log.error("the document for order %s does not bear %r", draft.order_id, place.number)
            raise NotIssued(Refusal.INVOICE_FAILED, place.number)
        return drawn

    async def _stored(self, drawn: Drawn, by: By) -> int | None:
        """The id, committed; None where the number or the order is no longer what the document says."""
        draft, place = drawn.draft, drawn.place
        async with self.database.writing() as session:
            if await invoice_drafts.mark(draft.order_id, session, self.zone) != draft.mark:
                return None
            if await number_series.upcoming(draft.series, draft.today, session) != place:
                return None
            await number_series.take(place, session, by.at)
            row = _row(draft, place, by)
            session.add(row)
            await session.flush()
            parts = _parts(row.id, drawn)
            session.add_all(parts)
            await seals.set_on(row, parts, place, session)
            note = _note(row, draft, by)
            session.add(note)
            if row.kind is InvoiceKind.INVOICE:
                await triggers.fire(Trigger.INVOICE_CREATED, row.order_id, session, by, note)
            if draft.given_back:
                due: dict[str, object] = {"number": row.number, "amount": draft.given_back, "currency": row.currency}
                session.add(entry(by, "credit_note_due", row.order_id, due, notice=True))
            await source_reports.invoice_issued(row, session, by.at)
        return row.id

    async def _tell(self, order_id: int, not_issued: NotIssued, by: By) -> None:
        async with self.database.writing() as session:
            await invoice_notices.tell(order_id, not_issued, session, by)


def _not_issued(refused: PaperRefused) -> NotIssued:
    """What stands in the way, as the merchant can mend it."""
    refusal = REFUSALS.get(refused.cause, Refusal.INVOICE_FAILED)
    if refused.cause is PaperCause.INCOMPLETE:
        whose = refused.detail.partition("/")[0]
        refusal = INCOMPLETE.get(whose, Refusal.AMOUNTS_INCONSISTENT)
    return NotIssued(refusal, refused.detail or refused.cause.value)


def _files(folder: Path) -> dict[DocumentFormat, bytes]:
    return {form: (folder / name).read_bytes() for form, name in FILES.items() if (folder / name).exists()}


def _row(draft: Draft, place: Place, by: By) -> Invoice:
    total = draft.snapshot.paper.totals.gross
    is_invoice = draft.kind is InvoiceKind.INVOICE
    return Invoice(
        order_id=draft.order_id,
        number=place.number,
        kind=draft.kind,
        issuer=Issuer.TRESEN,
        issued_on=place.issued_on,
        total_gross=total if is_invoice else -total,
        currency=draft.snapshot.paper.currency,
        refers_to=draft.refers_to,
        stored_at=by.at,
        series=draft.series.template,
        year=place.year,
        sequence=place.sequence,
        generation=draft.generation,
        cancels_id=draft.refers_to if draft.is_complete else None,
    )


def _parts(invoice_id: int, drawn: Drawn) -> list[InvoiceDocument | InvoiceSnapshot]:
    numbered = drawn.draft.snapshot.numbered(drawn.place.number, drawn.place.issued_on)
    return [
        InvoiceSnapshot(invoice_id=invoice_id, content=numbered.stored(), renderer_version=RENDERER),
        *(
            InvoiceDocument(
                invoice_id=invoice_id, format=form, content=content, sha256=hashlib.sha256(content).hexdigest()
            )
            for form, content in drawn.files.items()
        ),
    ]


def _note(row: Invoice, draft: Draft, by: By) -> Activity:
    details: dict[str, object] = {"number": row.number, "invoice": row.id}
    if row.kind is InvoiceKind.INVOICE:
        return entry(by, "invoice_created", row.order_id, details)
    details |= {"kind": draft.snapshot.paper.kind.value, "refers_to": draft.refers_to}
    details |= {"reason": "\n".join(draft.snapshot.paper.notes)}
    return entry(by, "credit_note_created", row.order_id, details)
