"""The check of a finished document, and that each of its parts can fail."""

from __future__ import annotations

import pikepdf
import pytest

from pdfkit import conformity, recalculation, zugferd
from pdfkit.documents import issue
from pdfkit.paper import PDF_NAME, XML_NAME, Kind
from tests.pdfkit.documents import Sold, a_paper, taken_back
from tests.pdfkit.scenarios import everyone


@pytest.fixture
def document(tmp_path):
    issue(a_paper(), tmp_path)
    return tmp_path / PDF_NAME


def after(document, change) -> list[str]:
    """The findings after somebody changed the file."""
    xml = document.with_name(XML_NAME).read_bytes()
    with pikepdf.open(document, allow_overwriting_input=True) as pdf:
        change(pdf)
        pdf.save(document, fix_metadata_version=False, deterministic_id=True)
    return conformity.findings(document, xml)


def test_a_document_as_it_was_issued_has_no_findings(document):
    assert after(document, lambda pdf: None) == []


def test_another_xml_is_found(document):
    found = conformity.findings(document, zugferd.written(a_paper(number="RE-2026-00018")))

    assert "attachment: other bytes than the XML" in found
    assert "attachment: wrong checksum" in found


def test_a_second_attachment_is_found(document):
    def attach(pdf):
        pdf.attachments["more.txt"] = b"more"

    assert "attachment: not exactly one" in after(document, attach)


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        (b"<pdfaid:part>3<", b"<pdfaid:part>2<", "XMP: not PDF/A-3b"),
        (b">EN 16931<", b">EXTENDED<", "XMP: not the properties of Factur-X"),
        (
            b"<pdfaProperty:name>Version<",
            b"<pdfaProperty:name>Fashion<",
            "XMP: the extension schema does not describe the properties",
        ),
    ],
)
def test_metadata_that_say_something_else_are_found(document, old, new, finding):
    def change(pdf):
        packet = pdf.Root.Metadata.read_bytes()
        assert old in packet
        pdf.Root.Metadata.write(packet.replace(old, new))

    assert finding in after(document, change)


def test_what_no_archive_may_do_is_found(document):
    def run_script(pdf):
        pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=pikepdf.String("app.alert(1)"))

    assert [finding for finding in after(document, run_script) if "ISO_19005" in finding or "OpenAction" in finding]


# --- Sums, from nothing but the XML


def forged(paper, old: str = "<ram:GrandTotalAmount>24.90", new: str = "<ram:GrandTotalAmount>24.80") -> bytes:
    xml = zugferd.written(paper)
    assert old.encode() in xml
    return xml.replace(old.encode(), new.encode(), 1)


@pytest.mark.parametrize("name", everyone())
def test_every_kind_of_document_adds_up(name):
    assert recalculation.broken(zugferd.written(everyone()[name])) == []


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("<ram:GrandTotalAmount>49.70", "<ram:GrandTotalAmount>49.60", "BR-CO-15"),
        ("<ram:DuePayableAmount>0.00", "<ram:DuePayableAmount>1.00", "BR-CO-16"),
        ("<ram:ChargeTotalAmount>4.33", "<ram:ChargeTotalAmount>9.99", "BR-CO-12"),
        ("<ram:AllowanceTotalAmount>0.00", "<ram:AllowanceTotalAmount>0.01", "BR-CO-11"),
        ("<ram:CalculatedAmount>4.41", "<ram:CalculatedAmount>4.43", "BR-CO-17"),
        ("<ram:TaxBasisTotalAmount>43.85", "<ram:TaxBasisTotalAmount>43.86", "BR-CO-13"),
        ("<ram:BilledQuantity unitCode=\"H87\">1<", "<ram:BilledQuantity unitCode=\"H87\">2<", "R120:1"),
    ],
)  # fmt: skip
def test_a_forged_sum_is_found(old, new, rule):
    assert rule in recalculation.broken(forged(everyone()["7 and 19 percent with shipping"], old, new))


def test_a_credit_note_that_names_no_invoice_is_found():
    xml = zugferd.written(taken_back(a_paper(Sold()), Kind.CORRECTION))

    assert recalculation.broken(xml.replace(b"InvoiceReferencedDocument", b"ContractReferencedDocument")) == ["BT-25"]
