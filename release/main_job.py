"""What Tresen is for, done through HTTP alone: an order comes in, its customer gets a stamped file and an invoice."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import httpx
import pypdfium2
from fpdf import FPDF
from pypdf import PdfReader

BUYER = "Jürgen Groß-Żółć"
STAMP = f"Kauf 4711 - {BUYER}"
SELLER = {
    "name": "Nähwerk", "street": "Nadelgasse 1", "zip": "10115", "city": "Berlin", "country": "DE",
    "vat_id": "DE123456788", "email": "laden@example.org", "phone": "+49 30 1234567", "contact_name": "Ada Faden",
}  # fmt: skip
LINE = {"id": "1", "title": "Schnittmuster", "sku": "PDF-1", "line_gross": 2490, "tax_rate": "19.00"}
ORDER = {
    "number": "4711", "platform": "Etsy", "state": "paid", "currency": "EUR", "ordered_at": "2026-11-20T10:00:00+01:00",
    "paid_at": "2026-11-20T10:01:00+01:00", "buyer": {"name": BUYER, "email": "kunde@example.org"},
    "billing": {"name": BUYER, "line1": "Hauptstraße 5", "zip": "20095", "city": "Hamburg", "country": "DE"},
    "lines": [LINE],
    "total_gross": 2490,
}  # fmt: skip


class Wrong(Exception):
    """One sentence about what went otherwise than promised."""


@dataclass(frozen=True)
class Shop:
    """`origin` with a key of its API; `files` as this process sees the folder that the server knows as `root`.

    `trust` is what a certificate is judged by.
    """

    origin: str
    key: str
    files: Path
    root: str
    trust: ssl.SSLContext | bool = True

    def api(self, method: str, path: str, body: object = None) -> dict[str, object]:
        answer = httpx.request(
            method,
            f"{self.origin}/api/v1{path}",
            json=body,
            headers={"Authorization": f"Bearer {self.key}"},
            timeout=60,
            verify=self.trust,
        )
        if answer.is_error:
            raise Wrong(f"{method} {path} answered {answer.status_code}: {answer.text}")
        answered: dict[str, object] = answer.json()
        return answered


def done(shop: Shop) -> None:
    """Raises Wrong."""
    _draw(shop.files / "muster.pdf")
    storage = shop.api("POST", "/storages", {"name": "Muster", "kind": "local", "options": {"root": shop.root}})
    file = {"storage": storage["id"], "path": "muster.pdf", "title": "Muster"}
    shop.api("PUT", "/articles/PDF-1", {"title": "Schnittmuster", "files": [file]})
    shop.api("PATCH", "/settings/files", {"watermark_text": "Kauf {OrderNumber} - {UserName}"})
    shop.api("PATCH", "/settings/seller", SELLER)
    link = str(shop.api("PUT", "/orders/laden/1", ORDER)["portal_url"])
    with httpx.Client(follow_redirects=True, timeout=60, verify=shop.trust) as customer:
        page = customer.get(link)
        _judge_stamped(_posted(customer, page, "start-download"))
        invoice = shop.api("POST", "/orders/laden/1/invoices")
        _judge_invoice(customer.get(f"{link}/invoices/{invoice['id']}.pdf").content)


def paid(shop: Shop, client_id: str, secret: str) -> None:
    """With that app of PayPal, or of what stands in for it: checked, switched on, and a customer pays. Raises Wrong."""
    new = {"name": "PayPal", "kind": "paypal", "client_id": client_id, "client_secret": secret, "sandbox": True}
    provider = f"/payment-providers/{shop.api('POST', '/payment-providers', new)['id']}"
    if not (check := shop.api("POST", f"{provider}/checks"))["ok"]:
        raise Wrong(f"The provider was not to be reached: {check['detail']}")
    shop.api("PATCH", provider, {"active": True})
    unpaid = ORDER | {"number": "4713", "state": "ordered", "paid_at": None}
    link = str(shop.api("PUT", "/orders/laden/3", unpaid)["portal_url"])
    with httpx.Client(follow_redirects=True, timeout=60, verify=shop.trust) as customer:
        approval = _answered(customer, customer.get(link), "pay")
        customer.post(approval.url, data={"answer": "yes"})
    order = shop.api("GET", "/orders/laden/3")
    if order["payment_state"] != "paid":
        raise Wrong(f"An order that was paid is {order['payment_state']}.")


def _draw(target: Path) -> None:
    paper = FPDF()
    for number in range(3):
        paper.add_page()
        paper.set_font("Helvetica", size=14)
        paper.text(20, 40, f"Bogen {number + 1}")
    paper.output(str(target))
    target.chmod(0o644)


def _posted(customer: httpx.Client, page: httpx.Response, deed: str) -> bytes:
    return _answered(customer, page, deed).content


def _answered(customer: httpx.Client, page: httpx.Response, deed: str) -> httpx.Response:
    """What the form of that deed leads to, as its button sends it."""
    found = re.search(rf'<form[^>]*data-deed="{deed}"[^>]*>.*?</form>', page.text, re.DOTALL)
    if not found:
        raise Wrong(f"{page.url} has no form {deed}.")
    action = re.search(r'action="([^"]+)"', found[0])
    fields = dict(re.findall(r'name="([^"]+)"[^>]*value="([^"]*)"', found[0]))
    answer = customer.post(
        page.url.join(action[1] if action else ""), data=fields, headers={"Sec-Fetch-Site": "same-origin"}
    )
    if answer.is_error:
        raise Wrong(f"{deed} was answered {answer.status_code}.")
    return answer


def _judge_stamped(content: bytes) -> None:
    """Two readers, which share no code with what stamps or with each other, find the text on every page."""
    by_pypdf = [page.extract_text() for page in PdfReader(BytesIO(content)).pages]
    by_pdfium = [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(content)]
    for texts in (by_pypdf, by_pdfium):
        if len(texts) != 3 or any(STAMP not in text or "Bogen" not in text for text in texts):
            raise Wrong(f"The stamped copy reads {texts}.")


def _judge_invoice(content: bytes) -> None:
    reader = PdfReader(BytesIO(content))
    text = "".join(page.extract_text() for page in reader.pages)
    if "24,90" not in text or BUYER not in text:
        raise Wrong(f"The invoice reads {text}.")
    if "factur-x.xml" not in reader.attachments:
        raise Wrong(f"The invoice bears {list(reader.attachments)} instead of its XML.")
