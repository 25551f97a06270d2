"""What happened here is reported to the source that an order came from: money that came in, and its invoice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db.engine import Database
from db.invoices import Invoice, InvoiceKind
from db.orders import Order
from db.outbox import Job
from db.payments import Payment, PaymentKind, PaymentStatus
from db.settings import GeneralSettings
from db.sources import Source, SourceKind
from portal import order_facts, outbox, settings, source_runs
from portal.activity import TRESEN, By, entry
from portal.connectors import Connectors
from portal.fetching import Access, InvoiceReport, PaymentReport, Reporter, SourceUnavailable
from portal.jobs import Record
from portal.orders import PaymentState
from portal.outbox import ORDER_ID, Claimed, NewJob, NotDone

KIND = "source_report"
LIMIT = timedelta(minutes=5)
LISTENING = (SourceKind.BILLBEE,)  # the others learn of it otherwise, or not at all
PAYMENT_ID, INVOICE_ID = "payment_id", "invoice_id"
IS_PAID = frozenset({PaymentState.PAID, PaymentState.OVERPAID})


async def payment_came(row: Payment, session: AsyncSession, now: datetime) -> None:
    """In the transaction that books it; nothing where the source of the order does not listen."""
    if row.kind is PaymentKind.PAYMENT and (source_id := await _listener(row.order_id, session)):
        await session.flush()
        await _ask(source_id, {ORDER_ID: row.order_id, PAYMENT_ID: row.id}, session, now)


async def invoice_issued(row: Invoice, session: AsyncSession, now: datetime) -> None:
    """In the transaction that issues it; nothing where the source of the order does not listen."""
    if row.kind is InvoiceKind.INVOICE and (source_id := await _listener(row.order_id, session)):
        await _ask(source_id, {ORDER_ID: row.order_id, INVOICE_ID: row.id}, session, now)


async def _listener(order_id: int, session: AsyncSession) -> int | None:
    """The source that is to hear of it, though it may be switched off just now."""
    listens = select(Source.id).join(Order, Order.source_id == Source.id).where(Order.id == order_id)
    return await session.scalar(listens.where(Source.kind.in_(LISTENING)))


async def _ask(source_id: int, payload: Mapping[str, int], session: AsyncSession, now: datetime) -> None:
    name = INVOICE_ID if INVOICE_ID in payload else PAYMENT_ID
    key = f"{KIND}:{name}:{payload[name]}"
    await outbox.enqueue(NewJob(kind=KIND, key=key, payload=payload, lane=source_runs.lane_of(source_id)), session, now)


@dataclass(frozen=True, kw_only=True)
class Due:
    """All that is needed to report. `source` is its name."""

    order_id: int
    source: str
    external_id: str
    reporter: Reporter
    access: Access
    report: PaymentReport | InvoiceReport

    async def record(self, session: AsyncSession, now: datetime) -> None:
        told: dict[str, object] = {"name": self.source}
        if isinstance(self.report, InvoiceReport):
            told["number"] = self.report.number
        what = "invoice" if isinstance(self.report, InvoiceReport) else "payment"
        session.add(entry(By(TRESEN, now), f"source_{what}_reported", self.order_id, told))


class Reports:
    """How the job is done. Reporting twice is reporting once, so that a crash in between repeats it."""

    limit = LIMIT

    def __init__(self, database: Database, connectors: Connectors, zone: ZoneInfo | None) -> None:
        self._database = database
        self._connectors = connectors
        self._zone = zone

    async def do(self, job: Claimed) -> Record:
        """Raises NotDone; for good where the service understood and refuses."""
        try:
            due = await self._due(job)
            if due is None:
                return _nothing
            await due.reporter.report(due.access, due.external_id, due.report)
        except SourceUnavailable as error:
            raise NotDone(str(error), permanent=error.final) from error
        return due.record

    async def failed(self, job: Job, session: AsyncSession, by: By) -> None:
        """The outbox tells the merchant when it gives up."""

    async def _due(self, job: Claimed) -> Due | None:
        """None where it is not true any more, or nobody is to hear of it. Raises SourceUnavailable."""
        async with self._database.reading() as session:
            order = await session.get(Order, int(str(job.payload[ORDER_ID])))
            source = await session.get(Source, order.source_id) if order else None
            if order is None or source is None:
                return None
            if not source.active:
                raise SourceUnavailable("The source is switched off.")  # perhaps for a moment
            report = await _report(job, order, session)
            zone = settings.zone_of(await settings.of(GeneralSettings, session), self._zone)
        reporter = self._connectors.reporters.get(source.kind)
        if report is None or reporter is None:
            return None
        access = self._connectors.access(source, zone)
        return Due(
            order_id=order.id,
            source=source.name,
            external_id=order.external_id,
            reporter=reporter,
            access=access,
            report=report,
        )


async def _report(job: Claimed, order: Order, session: AsyncSession) -> PaymentReport | InvoiceReport | None:
    """As things stand now: a payment may have been taken back since."""
    if INVOICE_ID in job.payload:
        invoice = await session.get(Invoice, int(str(job.payload[INVOICE_ID])))
        return InvoiceReport(number=invoice.number) if invoice else None
    payment = await session.get(Payment, int(str(job.payload[PAYMENT_ID])))
    if payment is None or payment.status is not PaymentStatus.COMPLETED:
        return None
    state = (await order_facts.of_one(order, session)).payment_state
    return PaymentReport(provider=payment.provider, at=payment.at, is_whole=state in IS_PAID)


async def _nothing(session: AsyncSession, now: datetime) -> None:
    """There is nothing to report (any more)."""
