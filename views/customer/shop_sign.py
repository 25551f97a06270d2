"""What stands above the portal page: the merchant's banner or logo."""

from __future__ import annotations

from dataclasses import dataclass

from portal.images import ShownImage

BANNER_RATIO = 2.5  # as wide as this at least, or cutting it to a band would take too much of it
BANNER_WIDTH = 640  # pixels; a smaller one would blur across the page


@dataclass(frozen=True, kw_only=True)
class ShopSign:
    """Sizes in pixels, so that nothing jumps when the image arrives."""

    url: str
    width: int
    height: int
    is_banner: bool

    @staticmethod
    def of(image: ShownImage | None) -> ShopSign | None:
        if image is None:
            return None
        is_banner = image.width >= max(BANNER_WIDTH, BANNER_RATIO * image.height)
        return ShopSign(url=image.url, width=image.width, height=image.height, is_banner=is_banner)
