"""Opening an address changes nothing: mail scanners and previews open them all."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

from tests.routes.customer.conftest import Running, Sale


def snapshot(tresen: Running) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, except what may be observed and when the clock's own jobs are due."""
    with closing(sqlite3.connect(tresen.config.database)) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            name: sorted(connection.execute(f'SELECT * FROM "{name}"').fetchall(), key=repr)
            for name in names
            if not name.endswith("_observation") and not name.startswith("sqlite_") and name != "due_time"
        }


async def start_download(tresen: Running, sale: Sale) -> str:
    answer = await tresen.client.post(f"{sale.link}/files/{sale.pattern}/downloads")
    assert answer.status_code == 303
    return str(answer.headers["location"])


async def test_no_get_and_no_head_changes_a_right_document_payment_or_consent(tresen: Running, sale: Sale):
    download = await start_download(tresen, sale)
    archive = (await tresen.client.post(f"{sale.link}/archives")).headers["location"]
    values = {
        "/o/{token:str}": sale.link.rpartition("/")[2],
        "/d/{token:str}/{name:str}": "",
        "{document:str}": f"{sale.invoice.id}.pdf",
        "{file_id:int}": str(sale.pattern),
        "{source:str}": "shop",
        "{sku:str}": "PDF-BENTE",
    }
    before = snapshot(tresen)
    opened = 0
    for route in tresen.app.routes:
        methods: set[str] = getattr(route, "methods", set())
        if not {"GET", "HEAD"} & set(methods):
            continue
        path = download if route.path.startswith("/d/") else route.path_format
        path = path.replace("{token}", values["/o/{token:str}"]).replace("{document}", values["{document:str}"])
        path = re.sub(r"\{(file_id|invoice_id|storage_id)\}", "1", path)
        path = path.replace("{source}", "shop").replace("{external_id}", "1").replace("{sku}", "PDF-BENTE")
        for method in ("GET", "HEAD"):
            answer = await tresen.client.request(method, path)
            assert answer.status_code < 500, path
            opened += 1

    assert (await tresen.client.get(archive)).status_code == 200
    assert (await tresen.client.head(archive)).status_code == 200
    assert opened >= 10
    assert snapshot(tresen) == before
