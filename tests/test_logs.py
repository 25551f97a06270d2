"""What the process tells its operator, and what it never tells."""

from __future__ import annotations

import json
import logging

import pytest

import logs
from tests.routes.customer.conftest import running, sell


@pytest.fixture(autouse=True)
def as_before():
    root, level = logging.getLogger(), logging.getLogger().level
    handlers = list(root.handlers)
    yield
    root.handlers[:], root.level = handlers, level


async def test_at_no_level_a_log_names_a_customer_a_link_or_a_key(tmp_path, capfd):
    logs.set_up("debug", "text")
    async with running(tmp_path / "data") as tresen:
        sale = await sell(tresen, "1")
        token = sale.link.rpartition("/")[2]
        for path in (sale.link, f"/o/{token}x", f"{sale.link}/invoices/{sale.invoice.id}.pdf"):
            await tresen.client.get(path)
        await tresen.client.post(f"{sale.link}/files/{sale.pattern}/downloads")
        key = {"Authorization": "Bearer tresen_secret"}
        await tresen.client.put("/api/v1/orders/shop/2", headers=key, content=b"{")

    told = "".join(capfd.readouterr())

    assert [word for word in ("Erika", "erika@", token, "4711", "tresen_secret") if word in told] == []


def test_a_line_of_json_is_one_object(capfd):
    logs.set_up("info", "json")

    logging.getLogger("tresen").warning("Zwei\nZeilen: %s", "ä")

    [line] = capfd.readouterr().err.splitlines()
    assert json.loads(line)["message"] == "Zwei\nZeilen: ä"
