"""Every piece of a transfer asks anew for its rights, so that asking has to be quick."""

from __future__ import annotations

from sqlalchemy import event
from sqlalchemy.engine import Engine

from tests.routes.customer.conftest import Running, Sale


async def test_a_piece_of_a_download_costs_few_statements(tresen: Running, sale: Sale):
    started = await tresen.client.post(f"{sale.link}/files/{sale.pattern}/downloads")
    address = started.headers["location"]
    await tresen.client.get(address)
    asked: list[str] = []

    def ask(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(Engine, "before_cursor_execute", ask)
    try:
        await tresen.client.get(address, headers={"Range": "bytes=0-9"})
    finally:
        event.remove(Engine, "before_cursor_execute", ask)

    before_the_first_byte = asked.index("BEGIN IMMEDIATE")
    assert before_the_first_byte <= 7
    assert len(asked) <= 10
