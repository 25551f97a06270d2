"""Einstellungen / Kundenportal / Erscheinungsbild: image, greeting and colour, beside the page that customers see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

from db.images import Image
from db.orders import Order
from pdfkit.outcome import PictureCause
from portal import images
from portal.greetings import PLACEHOLDERS
from views import theme
from views.admin.frame import OfficePage
from views.form import Form
from views.sentences import Sentence, said
from views.theme import WHITE

NEEDED = Decimal("4.5")
IN_USE = said("This image stands above the portal page. Choose another one there first, then it can be deleted.")
UPLOAD_REFUSED = {
    PictureCause.TOO_LARGE: said("This image has more than 5 MB. Save it smaller and upload it again."),
    PictureCause.TOO_MANY_PIXELS: said(
        "This image has more than 40 million pixels. Save it smaller and upload it again."
    ),
    PictureCause.TOO_SMALL: said("This image has a side of less than 16 pixels. Choose a larger one."),
    PictureCause.TOO_NARROW: said(
        "One side of this image is more than 20 times as long as the other. Crop it and upload it again."
    ),
    PictureCause.NOT_AN_IMAGE: said("This file is no image. Choose a PNG, JPEG, WebP or GIF."),
    PictureCause.KIND_NOT_ACCEPTED: said("Images of this kind cannot be shown. Choose a PNG, JPEG, WebP or GIF."),
    PictureCause.DAMAGED: said("This image is damaged or incomplete. Save it anew and upload it again."),
}
NOT_CHOSEN = said("Choose an image first.")
# Up to which OKLCH hue, in degrees, a colour is called so.
HUES = (
    (10, said("pink")),
    (40, said("red")),
    (80, said("orange")),
    (118, said("yellow")),
    (165, said("green")),
    (230, said("petrol")),
    (290, said("blue")),
    (325, said("violet")),
    (360, said("pink")),
)


@dataclass(frozen=True, kw_only=True)
class ImageChoice:
    """Sizes in pixels."""

    id: int
    name: str
    url: str
    width: int
    height: int

    @staticmethod
    def of(row: Image) -> ImageChoice:
        return ImageChoice(id=row.id, name=row.name, url=images.address(row), width=row.width, height=row.height)


@dataclass(frozen=True, kw_only=True)
class OrderChoice:
    id: int
    number: str
    name: str

    @staticmethod
    def of(row: Order) -> OrderChoice:
        return OrderChoice(id=row.id, number=row.number, name=row.buyer_name or row.buyer_company)


@dataclass(frozen=True, kw_only=True)
class Preview:
    """`order` is None for the sample; `address` changes with what is shown: then a frame looks again.

    `missing` is a number that was asked for and that no order has.
    """

    address: str
    order: OrderChoice | None
    orders: tuple[OrderChoice, ...]
    missing: str = ""


@dataclass(frozen=True, kw_only=True)
class AppearancePage(OfficePage):
    """`upload_error`: why the image that was just sent is not there; `removal_error`: why one still is."""

    template: ClassVar = "admin/settings_appearance.html"

    form: Form
    images: tuple[ImageChoice, ...]
    chosen: ImageChoice | None
    upload_error: Sentence | None
    removal_error: Sentence | None
    placeholders: tuple[str, ...]
    colour: str
    proof: tuple[Sentence, ...]
    preview: Preview

    @staticmethod
    def braced() -> tuple[str, ...]:
        return tuple(f"{{{name}}}" for name in PLACEHOLDERS)


def upload_refused(code: str) -> Sentence:
    """`code` as the API would give it."""
    return next((told for cause, told in UPLOAD_REFUSED.items() if cause.value == code), NOT_CHOSEN)


def chosen_of(choices: Sequence[ImageChoice], value: object) -> ImageChoice | None:
    """The image of a field's value, which may be a number or a typed text."""
    return next((choice for choice in choices if str(choice.id) == str(value)), None)


def proof(colour: str) -> tuple[Sentence, ...]:
    """What becomes of a stored colour, in words: how writing on it reads, and what is moved until it does."""
    accent = theme.accent_of(colour)
    raw = theme.oklch(colour)
    ratio = Decimal(str(round(theme.contrast(accent.fill, accent.on), 1)))
    hue = _hue(raw)
    told = []
    if accent.fill != raw:
        told.append(said("For buttons we take a darker %(hue)s.", hue=hue))
    if accent.on == WHITE:
        told.append(
            said("White writing on it reaches %(ratio)s : 1 (%(needed)s is needed).", ratio=ratio, needed=NEEDED)
        )
    else:
        told.append(
            said("Dark writing on it reaches %(ratio)s : 1 (%(needed)s is needed).", ratio=ratio, needed=NEEDED)
        )
    if accent.text.lightness < accent.fill.lightness:
        told.append(said("For links we take a darker %(hue)s.", hue=hue))
    return tuple(told)


def _hue(colour: theme.Colour) -> Sentence:
    if colour.chroma < 0.03:
        return said("grey")
    return next(name for limit, name in HUES if colour.hue <= limit)
