"""A click takes all files as one ZIP archive, which has an address of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from urllib.parse import quote

from litestar import post
from litestar.di import Provide
from litestar.response import Redirect

from db.archives import Archive
from db.orders import Order
from portal import archives, transfers
from portal.activity import By
from portal.archive_bytes import ArchiveBytes
from portal.archives import ArchiveAddress
from portal.house import House as PortalHouse
from portal.refusals import Refused
from portal.transfers import Transfer
from routes.customer.orders import page_of
from routes.customer.spending import PRIVATE, Asker, attempt
from routes.given import House, LinkedOrder
from routes.ranges import RangedAnswer, Sent, WholeAnswer, attachment
from views import Page
from views.customer.archives import name_of, note
from views.languages import locale_of


@post("/o/{token:str}/archives", dependencies={"attempt": Provide(attempt)})
async def start_archive(order: LinkedOrder, house: House, attempt: Asker) -> Redirect | Page:
    try:
        archive = await house.archives.start(order.id, attempt)
    except Refused as refused:
        return await page_of(order, house, attempt.at, refused.refusal)
    async with house.database.reading() as session:
        number = (await session.get_one(Order, order.id)).number
    address = archives.token(ArchiveAddress(archive.id, order.link), house.signer)
    name = name_of(number, locale_of(order.seen.locale, ""))
    return Redirect(f"/d/{address}/{quote(name, safe='')}", status_code=303)


async def handed_out(archive: Archive, house: PortalHouse, by: By | None, ip_prefix: str) -> RangedAnswer:
    """Raises Ended, CapReached."""
    async with house.database.reading() as session:
        order = await session.get_one(Order, archive.order_id)
    locale = locale_of(order.locale, "")
    content = await house.archives.opened(archive, partial(note, locale=locale), by)
    return WholeAnswer(
        content,
        attachment(name_of(order.number, locale)),
        media_type="application/zip",
        headers=PRIVATE,
        on_done=Watch(house, content, ip_prefix),
    )


@dataclass(frozen=True)
class Watch:
    """Notes what left the house, file by file, after the answer."""

    house: PortalHouse
    content: ArchiveBytes
    ip_prefix: str

    async def __call__(self, sent: Sent) -> None:
        """A file has arrived when the archive has: half an archive cannot be unpacked everywhere.

        What had left as a whole before a failure of ours stays spent: the same address sends it once more.
        """
        failed = sent.broken and not self.content.meter.reached
        now = datetime.now(UTC)
        async with self.house.database.writing() as session:
            for download, length in self.content.sent_of_each(sent.sent):
                failure = "broken" if failed and length < download.size else ""
                if not (length or sent.finished or failure):
                    continue
                transfer = Transfer(
                    at=now, sent=length, is_cut=not sent.finished, failure=failure, ip_prefix=self.ip_prefix
                )
                await transfers.note(download, transfer, session)
