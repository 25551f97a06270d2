"""The merchant's images: uploaded, checked by drawing them anew, and shown at an address that changes with them."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import undefer

from db.images import Image
from db.settings import AppearanceSettings
from pdfkit.child import Child
from pdfkit.outcome import Picture, PictureCause, PictureRefused
from portal.activity import By, entry
from portal.refusals import Conflict, Fault, Invalid, NotFound

EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg"}
ADDRESS = re.compile(r"([1-9][0-9]{0,17})-([0-9a-f]{16})\.(png|jpg)", re.ASCII)
LONGEST_NAME = 200
FIELD = "#/file"
SENTENCES = {
    PictureCause.TOO_LARGE: "An image has at most 5 MB.",
    PictureCause.TOO_MANY_PIXELS: "An image has at most 40 million pixels; make it smaller.",
    PictureCause.TOO_SMALL: "An image has at least 16 pixels on each side; take a larger one.",
    PictureCause.TOO_NARROW: "One side of an image is at most 20 times as long as the other; crop it.",
    PictureCause.NOT_AN_IMAGE: "This is no image.",
    PictureCause.KIND_NOT_ACCEPTED: "Images may be PNG, JPEG, WebP or GIF; save it as one of these.",
    PictureCause.DAMAGED: "This image is damaged or incomplete; save it anew.",
}
log = logging.getLogger("tresen.images")


@dataclass(frozen=True, kw_only=True)
class NewImage:
    """`content` is what the child drew, never what was uploaded."""

    name: str
    picture: Picture
    content: bytes


@dataclass(frozen=True, kw_only=True)
class ShownImage:
    """What a page needs to show an image; sizes in pixels."""

    url: str
    width: int
    height: int


async def looked_through(uploaded: bytes, name: str, child: Child, scratch: Path) -> NewImage:
    """Draws the upload anew in the child, outside of any transaction. Raises Invalid with the cause as its code."""
    with TemporaryDirectory(dir=scratch, prefix="image-") as folder:
        source, target = Path(folder, "uploaded"), Path(folder, "drawn")
        await asyncio.to_thread(source.write_bytes, uploaded)
        try:
            picture = await child.redraw(source, target)
        except PictureRefused as refused:
            log.info("an image was refused: %s", refused)
            raise Invalid(Fault(FIELD, refused.cause.value, SENTENCES[refused.cause])) from refused
        content = await asyncio.to_thread(target.read_bytes)
    return NewImage(name=plain_name(name), picture=picture, content=content)


def plain_name(name: str) -> str:
    """A file's name as it can be shown: without folders and characters that are not seen."""
    last = re.split(r"[/\\]", name)[-1]
    seen = "".join(sign for sign in unicodedata.normalize("NFC", last) if unicodedata.category(sign)[0] != "C")
    return seen.strip()[:LONGEST_NAME] or "image"


async def add(new: NewImage, session: AsyncSession, by: By) -> Image:
    row = Image(
        name=new.name,
        width=new.picture.width,
        height=new.picture.height,
        media_type=new.picture.media_type,
        sha256=hashlib.sha256(new.content).hexdigest(),
        content=new.content,
        uploaded_at=by.at,
        uploaded_by=by.actor,
    )
    session.add(row)
    await session.flush()
    session.add(entry(by, "image_uploaded", details={"image": row.id, "name": row.name, "sha256": row.sha256}))
    return row


async def every(session: AsyncSession) -> list[Image]:
    """The newest first."""
    return list(await session.scalars(select(Image).order_by(Image.id.desc())))


async def one(image_id: int, session: AsyncSession) -> Image:
    """Raises NotFound."""
    row = await session.get(Image, image_id)
    if row is None:
        raise NotFound
    return row


async def remove(row: Image, session: AsyncSession, by: By) -> None:
    """Raises Conflict while the portal shows it."""
    if await session.scalar(select(AppearanceSettings.id).where(AppearanceSettings.image == row.id)):
        raise Conflict(f"{row.name} stands above the portal page; choose another image there first.")
    await session.delete(row)
    session.add(entry(by, "image_removed", details={"image": row.id, "name": row.name, "sha256": row.sha256}))


def shown(row: Image) -> ShownImage:
    return ShownImage(url=address(row), width=row.width, height=row.height)


def address(row: Image) -> str:
    """Where everybody may see it: other bytes have another address."""
    return f"/images/{row.id}-{row.sha256[:16]}.{EXTENSIONS[row.media_type]}"


async def at(name: str, session: AsyncSession) -> Image:
    """The image behind the last part of an address, with its content. Raises NotFound for any other spelling."""
    found = ADDRESS.fullmatch(name)
    row = await session.get(Image, int(found[1]), options=[undefer(Image.content)]) if found else None
    if row is None or address(row) != f"/images/{name}":
        raise NotFound
    return row
