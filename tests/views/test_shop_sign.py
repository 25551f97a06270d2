"""Above the portal page stands the merchant's banner or logo, or else the name."""

from dataclasses import replace

import pytest

from portal.images import ShownImage
from tests.views.orders import NOW, SELLER, a_dossier
from tests.views.reading import Element, Shown
from views import render
from views.customer.order import OrderPage


def page(width: int = 0, height: int = 0, **facts) -> Shown:
    dossier = a_dossier(**facts)
    image = ShownImage(url="/images/1-abc.png", width=width, height=height) if width else None
    dossier = replace(dossier, appearance=replace(dossier.appearance, image=image))
    return Shown(render(OrderPage.of(dossier, NOW, token="t"), "", "de-DE"))


def sign(*size: int) -> Element:
    return page(*size).one(class_="shop-sign")


@pytest.mark.parametrize(
    ("width", "height", "kind"),
    [
        (1600, 400, None),
        (1000, 400, None),
        (3200, 100, None),
        (999, 400, "logo"),
        (500, 500, "logo"),
        (100, 900, "logo"),
        (330, 72, "logo"),
    ],
)
def test_only_what_is_wide_and_large_is_a_banner(width, height, kind):
    assert sign(width, height).attributes.get("data-kind") == kind


def test_an_image_tells_its_size_and_whose_it_is():
    image = page(1600, 400).one("img")

    assert (image["width"], image["height"], image["src"]) == ("1600", "400", "/images/1-abc.png")
    assert image["alt"] == "Nähwerk"


def test_without_an_image_the_name_stands_there():
    assert (sign()["data-kind"], sign().text) == ("name", "Nähwerk")


def test_a_name_never_leaves_its_attribute():
    seller = replace(SELLER, name='"><script>alert(1)</script>')

    assert page(1600, 400, seller=seller).one("img")["alt"] == seller.name
