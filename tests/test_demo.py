"""The demo's cast: each situation that a visitor should be able to look at is played by an order."""

from __future__ import annotations

from demo import cast
from tests.factories import NOON


def test_one_order_of_the_demo_asks_for_consent_and_all_others_brought_it_from_the_shop():
    asking = [scene.title for scene in cast.scenes(NOON) if scene.order.waiver is None]

    assert cast.FILES.waiver_required is True
    assert asking == ["paid, asks for consent before the files"]
