"""Reads a finished document back before anybody gets it: PDF/A-3b, its metadata, its attachment, its sums.

The rules of PDF/A are pikepdf's, which approves only what it knows. It denies every extension schema in the metadata,
although ISO 19005-3 (6.6.2.3) permits them and Factur-X needs one; that one finding is dropped after our own look.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pikepdf
import pikepdf.pdfa
from lxml import etree

from pdfkit import recalculation
from pdfkit.archive import CONFORMANCE, FACTURX
from pdfkit.paper import XML_NAME

_EXTENSIONS = "ISO_19005_3:6.6.2.3.1-1"
_OUR_PREFIXES = ("fx", "pdfaExtension", "pdfaSchema", "pdfaProperty")
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_FX = f"{{{FACTURX}}}"
_PROPERTY = "{http://www.aiim.org/pdfa/ns/property#}"
_SCHEMA = "{http://www.aiim.org/pdfa/ns/schema#}"
_ID = "{http://www.aiim.org/pdfa/ns/id/}"


def findings(path: Path, xml: bytes) -> list[str]:
    """What is wrong with the document; empty if it may be handed out."""
    with pikepdf.open(path) as pdf:
        own = [*_metadata(bytes(pdf.Root.Metadata.read_bytes())), *_attachment(pdf, xml)]
    report = pikepdf.pdfa.validate_written(path, "3b")
    foreign = [str(each) for each in report.findings if not (each.rule == _EXTENSIONS and _is_ours(each.message))]
    return [*own, *foreign, *recalculation.broken(xml)]


def _is_ours(message: str) -> bool:
    return re.match(rf"XMP (?:namespace|property) (?:{'|'.join(_OUR_PREFIXES)})[=:]", message) is not None


def _metadata(packet: bytes) -> Iterator[str]:
    """The extension schema describes exactly the properties of Factur-X that are there."""
    root = etree.fromstring(packet)
    stated = {str(each.tag).removeprefix(_FX): each.text for each in root.iter(f"{_FX}*")}
    described = {each.text for each in root.iter(f"{_PROPERTY}name")}
    if (root.findtext(f".//{_ID}part"), root.findtext(f".//{_ID}conformance")) != ("3", "B"):
        yield "XMP: not PDF/A-3b"
    if described != stated.keys() or root.findtext(f".//{_SCHEMA}namespaceURI") != FACTURX:
        yield "XMP: the extension schema does not describe the properties"
    wanted = {
        "DocumentType": "INVOICE",
        "DocumentFileName": XML_NAME,
        "Version": "1.0",
        "ConformanceLevel": CONFORMANCE,
    }
    if stated != wanted:
        yield "XMP: not the properties of Factur-X"
    if any(each.text is None for each in root.iter(f"{_RDF}li") if not len(each)):
        yield "XMP: an empty entry"


def _attachment(pdf: pikepdf.Pdf, xml: bytes) -> Iterator[str]:
    if list(pdf.attachments) != [XML_NAME] or len(pdf.Root.AF) != 1:
        yield "attachment: not exactly one"
        return
    specification = pdf.Root.AF[0]
    stream = specification.EF.F
    if specification.AFRelationship != pikepdf.Name.Alternative or stream.Subtype != pikepdf.Name("/text/xml"):
        yield "attachment: not declared as an alternative in XML"
    # ISO 32000 wants the sum of the file as it was before compression; MD5 is all it knows.
    if bytes(stream.Params.CheckSum) != hashlib.md5(xml, usedforsecurity=False).digest():
        yield "attachment: wrong checksum"
    if stream.read_bytes() != xml:
        yield "attachment: other bytes than the XML"
