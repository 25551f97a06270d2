"""Whether what was spent is still to be had at its address: asked for every piece, and therefore in few statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from db.downloads import Download, DownloadObservation
from db.files import File
from db.orders import Line, Order
from db.settings import FileSettings, GeneralSettings
from db.storages import Storage
from portal import downloads, entitled, order_facts
from portal.refusals import Refusal

# Laid out once: putting them together took longer than executing them.
SPENT = (
    select(Download, File, Storage, DownloadObservation.sent, entitled.is_given_back())
    .join(File, File.id == Download.file_id)
    .outerjoin(Storage, Storage.id == File.storage_id)
    .outerjoin(DownloadObservation, DownloadObservation.download_id == Download.id)
    .where(Download.id.in_(bindparam("spent", expanding=True)))
)
SWITCHES = select(FileSettings.download_enabled, GeneralSettings.paid_rule).where(FileSettings.id == GeneralSettings.id)
LINES = select(Line).where(Line.order_id == bindparam("of_order"))


@dataclass(frozen=True)
class Standing:
    """A spent download, where its file lies, and what has become of it. `served` in bytes.

    `refusal` is why it is not to be had any more, None while it is; then there is a storage, too.
    """

    download: Download
    file: File
    storage: Storage | None
    served: int
    is_given_back: bool
    refusal: Refusal | None


async def of(order: Order, spent: Sequence[Download], session: AsyncSession) -> list[Standing]:
    """Of downloads of that order, as they are listed; five statements, however many they are."""
    refusals = await _refusals(order, [download.file_id for download in spent], session)
    rows = await session.execute(SPENT, {"spent": [download.id for download in spent]})
    found = {
        download.id: Standing(download, file, storage, sent or 0, given_back, refusals[file.id])
        for download, file, storage, sent, given_back in rows
    }
    return [found[download.id] for download in spent]


async def _refusals(order: Order, file_ids: Sequence[int], session: AsyncSession) -> Mapping[int, Refusal | None]:
    enabled, paid_rule = (await session.execute(SWITCHES)).one()
    # What was taken off the invoice decides about what is due, never about the life of an order.
    payments = await order_facts.payments_of([order], session)
    facts = order_facts.one(order, payments.get(order.id, ()), 0, paid_rule)
    lines = list(await session.scalars(LINES, {"of_order": order.id}))
    places = entitled.by_file(lines, await entitled.links({line.sku for line in lines if line.sku}, session))
    return {
        file_id: downloads.ending(
            facts, [entitled.bought(line) for line, _ in places.get(file_id, ())], enabled=enabled
        )
        for file_id in file_ids
    }
