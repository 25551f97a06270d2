"""What WooCommerce does not say in the order itself: which refund took back what, and what is a file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeVar

from msgspec import Struct

from integrations.asking import good
from integrations.clouds.wire import Answer
from integrations.tolerant import NotUnderstood, parsed, shaped
from integrations.woocommerce.orders import Details, external_id
from integrations.woocommerce.shapes import Order, Product, Refund

AT_ONCE = 100  # ids in one call
CLOSED = frozenset({401, 403, 404, 410})  # a key that may read orders need not read products
Look = Callable[[str], Awaitable[Answer]]
Shape = TypeVar("Shape", bound=Struct)


async def details_of(orders: Sequence[Order], products: dict[str, Product], look: Look) -> dict[str, Details]:
    """Order → what was asked for beside it. `products` holds those that are known, and gets the others.

    Raises SourceUnavailable. What may not be read is left out: then a linked file decides, and refunds have no lines.
    """
    await _learn(orders, products, look)
    found = {}
    for order in orders:
        path = f"orders/{external_id(order)}/refunds?per_page={AT_ONCE}"
        refunds = await _listed(path, Refund, look) if order.refunds else []
        found[external_id(order)] = Details(refunds=refunds, products=products)
    return found


async def _learn(orders: Sequence[Order], products: dict[str, Product], look: Look) -> None:
    """Variations are asked for first: of a product whose variations cannot be read, nothing is known."""
    items = [item for order in orders for item in order.line_items]
    varied: defaultdict[str, set[str]] = defaultdict(set)
    for item in items:
        if item.variation_id not in ("", "0") and item.variation_id not in products:
            varied[item.product_id].add(item.variation_id)
    for product, ids in varied.items():
        products |= await _by_id(f"products/{product}/variations", ids, look)
    plain = {item.product_id for item in items if item.variation_id in ("", "0")} - products.keys() - {"", "0"}
    products |= await _by_id("products", plain, look)


async def _by_id(path: str, ids: Iterable[str], look: Look) -> dict[str, Product]:
    found: dict[str, Product] = {}
    wanted = sorted(each for each in ids if each.isdecimal())
    for start in range(0, len(wanted), AT_ONCE):
        some = ",".join(wanted[start : start + AT_ONCE])
        for product in await _listed(f"{path}?include={some}&per_page={AT_ONCE}", Product, look):
            found[str(product.id)] = product
    return found


async def _listed(path: str, shape: type[Shape], look: Look) -> list[Shape]:
    answer = await look(path)
    if answer.status in CLOSED:
        return []
    try:
        told = parsed(good(answer))
        return [shaped(each, shape) for each in told] if isinstance(told, list) else []
    except NotUnderstood:
        return []
