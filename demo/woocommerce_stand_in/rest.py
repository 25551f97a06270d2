"""Orders and products by REST, with WooCommerce's paging."""

from __future__ import annotations

import math
from collections.abc import Sequence

from litestar import Response, get
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.params import FromPath

from demo.woocommerce_stand_in.till import AnyRequest, Till, Told

API = "/wp-json/wc/v3"
MOST_A_PAGE = 100


@get(f"{API}/orders")
async def list_orders(request: AnyRequest, state: State) -> Response[list[Told]]:
    till: Till = state.till
    till.let_in(request)
    after = request.query_params.get("modified_after", "")
    rows = [row for row in till.orders.values() if str(row["date_modified_gmt"]) > after and row["status"] != "trash"]
    by = "date_modified_gmt" if request.query_params.get("orderby") == "modified" else "date_created_gmt"
    rows.sort(key=lambda row: str(row[by]), reverse=request.query_params.get("order", "desc") == "desc")
    return _paged(rows, request)


@get(f"{API}/orders/{{number:int}}")
async def show_order(number: FromPath[int], request: AnyRequest, state: State) -> Response[Told]:
    till: Till = state.till
    till.let_in(request)
    if number not in till.orders:
        code = "woocommerce_rest_shop_order_invalid_id"
        told: Told = {"code": code, "message": "Ungültige ID.", "data": {"status": 404}}
        return Response(told, status_code=404)
    return Response(till.orders[number])


@get(f"{API}/orders/{{number:int}}/refunds")
async def list_refunds(number: FromPath[int], request: AnyRequest, state: State) -> Response[list[Told]]:
    till: Till = state.till
    till.let_in(request)
    return _paged(till.refunds.get(number, []), request)


@get(f"{API}/products")
async def list_products(request: AnyRequest, state: State) -> Response[list[Told]]:
    till: Till = state.till
    till.let_in(request)
    wanted = {int(each) for each in request.query_params.get("include", "").split(",") if each}
    return _paged([row for number, row in till.products.items() if number in wanted], request)


@get(f"{API}/products/{{product:int}}/variations")
async def list_variations(product: FromPath[int], request: AnyRequest, state: State) -> Response[list[Told]]:
    till: Till = state.till
    till.let_in(request)
    wanted = {int(each) for each in request.query_params.get("include", "").split(",") if each}
    rows = [row for number, row in till.products.items() if number in wanted and row.get("parent_id") == product]
    return _paged(rows, request)


def _paged(rows: Sequence[Told], request: AnyRequest) -> Response[list[Told]]:
    size, page = int(request.query_params.get("per_page", "10")), int(request.query_params.get("page", "1"))
    if not 0 < size <= MOST_A_PAGE or page < 1:
        raise HTTPException(status_code=400, detail="rest_invalid_param")
    headers = {"X-WP-Total": str(len(rows)), "X-WP-TotalPages": str(math.ceil(len(rows) / size))}
    return Response(list(rows[(page - 1) * size : page * size]), headers=headers)


ROUTES = (list_orders, show_order, list_refunds, list_products, list_variations)
