"""Orders from files, on screen: brought, understood, looked at, imported. Everything by plain forms."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from dataclasses import dataclass

import httpx
import pytest
from sqlalchemy import func, select

from db.activity import Activity
from db.csv_imports import CsvFile, CsvImport
from db.orders import Order
from tests.routes.admin.conftest import FROM_HERE, Browser
from tests.views.reading import Shown

PATH = "/admin/settings/sources/imports"
OWN = "bestell_id;bestelldatum;waehrung;titel;menge;positionssumme_brutto;steuersatz"


def a_table(*rows: str, header: str = OWN) -> bytes:
    return "\r\n".join([header, *rows, ""]).encode()


async def bring(jana: Browser, content: bytes, name: str = "markt.csv", source: str = "markt") -> httpx.Response:
    return await jana.tresen.client.post(
        PATH,
        data={"source": source},
        files={"file": (name, content, "text/csv")},
        headers=jana._headers(FROM_HERE),
    )


async def brought(jana: Browser, content: bytes) -> str:
    answer = await bring(jana, content)
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


@dataclass(frozen=True)
class Seen:
    """A page, as it is and as it reads."""

    html: str

    @property
    def text(self) -> str:
        return Shown(self.html).one("body").text

    @property
    def typed(self) -> dict[str, str]:
        """What the form of the columns would send as it is."""
        typed = {}
        for name, options in re.findall(r'<select[^>]* name="(column\.\d+)"[^>]*>(.*?)</select>', self.html, re.DOTALL):
            chosen = re.search(r'value="([^"]*)" selected', options)
            typed[name] = chosen[1] if chosen else ""
        return typed

    @property
    def confirmation(self) -> dict[str, str]:
        return {"dry_run": Shown(self.html).one("input", name="dry_run")["value"]}


async def look(jana: Browser, path: str) -> Seen:
    return Seen((await jana.get(path)).text)


async def over(jana: Browser, path: str) -> Seen:
    """The page once nothing is being read any more."""
    for _ in range(500):
        page = await look(jana, path)
        if "<progress" not in page.html:
            return page
        await asyncio.sleep(0.02)
    raise AssertionError("it is still being read")


async def dry_run(jana: Browser, path: str, **typed: str) -> Seen:
    answer = await jana.post(f"{path}/dry-runs", typed)
    assert answer.status_code == 303, answer.text
    return await over(jana, path)


async def numbers(jana: Browser) -> list[str]:
    async with jana.tresen.house.database.reading() as session:
        return list(await session.scalars(select(Order.number).order_by(Order.id)))


async def test_a_file_of_the_own_format_is_looked_at_then_imported(jana: Browser):
    path = await brought(jana, a_table("7;20.10.2026;EUR;Kleid;1;24,90;19", "8;20.10.2026;EUR;Rock;1;1.234;19"))

    page = await look(jana, path)
    page = await dry_run(jana, path, **page.typed)

    assert "Eine Bestellung ist neu" in page.text
    assert "Zeile 3, Bestellung 8: nicht übernommen" in page.text
    assert "Manche Zahlen können zweierlei meinen." in page.text
    assert await numbers(jana) == []

    page = await dry_run(jana, path, **page.typed, decimal_sign=",")
    answer = await jana.post(f"{path}/runs", page.confirmation)
    assert answer.status_code == 303
    page = await over(jana, path)

    assert "2 Bestellungen sind neu" in page.text
    assert await numbers(jana) == ["7", "8"]


async def test_the_columns_of_any_table_can_be_assigned_and_kept(jana: Browser):
    table = b"Nr;Tag;Ware;Preis\n7;20.10.2026;Kleid;24,90\n"
    path = await brought(jana, table)
    page = await look(jana, path)
    assert "Bevor Bestellungen gelesen werden können" in page.text
    assert "Kleid" in page.text  # a sample beside its column

    refused = await jana.post(f"{path}/dry-runs", {"column.0": "order_id", "column.1": "order_id"})
    assert refused.status_code == 422
    assert "Das ist schon einer anderen Spalte zugeordnet." in refused.text

    columns = {"column.0": "order_id", "column.1": "order_date", "column.2": "title", "column.3": "line_gross"}
    typed = columns | {"constant.currency": "EUR", "constant.tax_rate": "19", "preset": "Wochenmarkt"}
    page = await dry_run(jana, path, **typed)
    assert "Eine Bestellung ist neu" in page.text

    again = await look(jana, await brought(jana, table))
    assert re.search("selected>Gemerkte Zuordnung: Wochenmarkt<", again.html)
    assert "Bevor Bestellungen gelesen werden können" not in again.text


async def test_a_kept_mapping_is_renamed_and_deleted(jana: Browser):
    path = await brought(jana, a_table("7;20.10.2026;EUR;Kleid;1;24,90;19"))
    page = await look(jana, path)
    await dry_run(jana, path, **page.typed, preset="Eins")
    await dry_run(jana, path, **page.typed, preset="Zwei")

    taken = await jana.post(f"{PATH}/presets/1", {"name": "Zwei"})
    assert (taken.status_code, "heißt schon so" in taken.text) == (422, True)
    assert (await jana.post(f"{PATH}/presets/1", {"name": " "})).status_code == 422
    assert (await jana.post(f"{PATH}/presets/1", {"name": "Drei"})).status_code == 303
    assert (await jana.post(f"{PATH}/presets/2/removals")).status_code == 303

    listed = (await jana.get(PATH)).text
    assert 'value="Drei"' in listed
    assert "Zwei" not in listed
    assert (await jana.post(f"{PATH}/presets/2/removals")).status_code == 404


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Diese Datei ist leer."),
        (b"PK\x03\x04\x14\0\x06\0", "Das ist eine Arbeitsmappe"),
        (b"\x89PNG\r\n\x1a\n\0\0", "Diese Datei ist kein Text."),
        (b"nur eine Spalte\n", "Die erste Zeile muss die Spalten benennen"),
        (";".join(f"s{n}" for n in range(10_000)).encode() + b"\n", "mehr als 300 Spalten"),
    ],
)
async def test_what_is_no_csv_is_told_with_what_to_do(jana: Browser, content: bytes, words: str):
    answer = await bring(jana, content)

    assert answer.status_code == 422
    assert words in answer.text
    async with jana.tresen.house.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(CsvFile)) == 0


@pytest.mark.parametrize(
    ("source", "words"), [("", "Kleinbuchstaben"), ("Mein Laden", "Kleinbuchstaben"), ("../x", "Kleinbuchstaben")]
)
async def test_a_source_needs_a_name_that_can_stand_in_an_address(jana: Browser, source: str, words: str):
    answer = await bring(jana, a_table("7;20.10.2026;EUR;Kleid;1;24,90;19"), source=source)

    assert (answer.status_code, words in answer.text) == (422, True)


async def test_no_file_is_no_file(jana: Browser):
    answer = await jana.post(PATH, {"source": "markt"})

    assert (answer.status_code, "Wählen Sie zuerst eine Datei." in answer.text) == (422, True)


async def test_what_another_tab_has_changed_since_is_not_imported(jana: Browser):
    path = await brought(jana, a_table("7;20.10.2026;EUR;Kleid;1;1,50;19"))
    page = await look(jana, path)
    first = (await dry_run(jana, path, **page.typed)).confirmation
    await dry_run(jana, path, **page.typed, decimal_sign=",")  # in another tab

    answer = await jana.post(f"{path}/runs", first)

    assert (answer.status_code, "Seit diesem Probelauf wurde etwas geändert." in answer.text) == (409, True)
    assert await numbers(jana) == []


async def test_a_second_click_imports_once(jana: Browser):
    path = await brought(jana, a_table("7;20.10.2026;EUR;Kleid;1;1,50;19"))
    page = await look(jana, path)
    confirmed = (await dry_run(jana, path, **page.typed)).confirmation

    for _ in range(2):
        assert (await jana.post(f"{path}/runs", confirmed)).status_code == 303
    await over(jana, path)

    async with jana.tresen.house.database.reading() as session:
        made = select(func.count()).select_from(CsvImport).where(CsvImport.is_dry_run.is_(False))
        assert await session.scalar(made) == 1
        assert await session.scalar(select(func.count()).where(Activity.kind == "csv_imported")) == 1


async def test_formulas_stay_texts_in_the_shop_and_in_the_report(jana: Browser):
    formula = '=HYPERLINK("http://x.example";"Kleid")'
    cell = '"' + formula.replace('"', '""') + '"'
    path = await brought(jana, a_table(f"7;20.10.2026;EUR;{cell};1;1,50;19", f"{cell};20.10.2026;EUR;Rock;1;@x;19"))
    page = await dry_run(jana, path, **(await look(jana, path)).typed)
    await jana.post(f"{path}/runs", page.confirmation)
    page = await over(jana, path)

    answer = await jana.get(re.search(r'href="([^"]+/reports/\d+\.csv)"', page.html)[1])  # type: ignore[index]

    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))
    assert rows[1][:3] == ["2", "7", "neu"]
    assert rows[2][1] == f"'{formula}"
    assert rows[2][6] == "'@x"
    assert await numbers(jana) == ["7"]


async def test_a_file_is_removed_with_its_reports(jana: Browser):
    path = await brought(jana, a_table("7;20.10.2026;EUR;Kleid;1;1,50;19"))
    page = await dry_run(jana, path, **(await look(jana, path)).typed)

    assert (await jana.post(f"{path}/removals")).status_code == 303

    assert list((jana.tresen.config.cache / "csv").iterdir()) == []
    shown = await jana.get(path)
    assert "Die Datei selbst und ihre Berichte sind entfernt." in shown.text
    assert (await jana.post(f"{path}/runs", page.confirmation)).status_code == 409


async def test_an_export_of_shopify_is_recognised(jana: Browser):
    header = "Name,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Created at,Lineitem quantity,Lineitem name"
    table = f"{header},Lineitem price\n#1,paid,EUR,5.00,0.00,0.80,5.00,2026-10-20 09:15:00 +0200,1,Kleid,5.00\n"

    path = await brought(jana, table.encode())
    page = await dry_run(jana, path)

    assert "Export von Shopify" in page.text
    assert "Eine Bestellung ist neu" in page.text


async def test_the_template_comes_in_the_merchant_s_language(jana: Browser):
    answer = await jana.get(f"{PATH}/template.csv")

    assert answer.headers["content-disposition"].startswith('attachment; filename="tresen.csv"')
    assert "bestell_id" in answer.text
    assert (await bring(jana, answer.content)).status_code == 303


async def test_strangers_see_and_do_nothing(jana: Browser, stranger: Browser):
    path = await brought(jana, a_table("7;20.10.2026;EUR;Kleid;1;1,50;19"))

    for address in (PATH, path, f"{PATH}/template.csv", f"{path}/reports/1.csv"):
        assert (await stranger.get(address)).headers["location"].startswith("/admin/sign-in")
    assert (await bring(stranger, b"a;b\n")).status_code == 401
    for address in ("dry-runs", "runs", "removals", "cancellations", "formats"):
        assert (await stranger.post(f"{path}/{address}")).status_code == 401
    async with jana.tresen.house.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(CsvImport)) == 0


@pytest.mark.parametrize("path", ["999", "0", "999/reports/1.csv", "x"])
async def test_what_is_not_there_is_not_found(jana: Browser, path: str):
    assert (await jana.get(f"{PATH}/{path}")).status_code == 404


async def test_odd_forms_are_refused_and_never_a_failure_of_ours(jana: Browser):
    path = await brought(jana, a_table("7;20.10.2026;EUR;Kleid;1;1,50;19"))

    assert (await jana.post(f"{path}/runs", {"dry_run": "²"})).status_code == 404
    assert (await jana.post(f"{path}/runs", {"dry_run": "9" * 30})).status_code == 404
    assert (await jana.post(f"{path}/cancellations", {"import": "1"})).status_code == 404
    assert (await jana.post(f"{path}/formats", {"format": "preset-77"})).status_code == 404
    assert (await jana.post(f"{path}/formats", {"format": "shopify"})).status_code == 404
    odd = {"column.0": "no-such", "column.999": "title", "decimal_sign": "x", "dates": "ymd"}
    assert (await jana.post(f"{path}/dry-runs", odd)).status_code == 422
