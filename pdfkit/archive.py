"""Makes a drawn document an archive: PDF/A-3b with its XML attached, and metadata that say both (ISO 19005-3).

The metadata carry the extension schema of Factur-X, which names the attachment, its version and its profile.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime, time
from pathlib import Path
from xml.sax.saxutils import escape

import pikepdf
from fpdf import FPDF

from pdfkit.paper import XML_NAME, Paper

CONFORMANCE, FACTURX = "EN 16931", "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_PRODUCER = "Tresen pdfkit"

_PROPERTIES = (
    ("DocumentFileName", "Name of the embedded XML"),
    ("DocumentType", "INVOICE or ORDER"),
    ("Version", "Version of the XML standard"),
    ("ConformanceLevel", "Profile of the XML"),
)


def archived(pdf: FPDF, paper: Paper, xml: bytes, target: Path) -> None:
    """Attach the XML and write the file. Only days are facts, so that the same paper gives the same bytes."""
    stamp = datetime.combine(paper.issued_on, time(0, tzinfo=UTC))
    pdf.set_creation_date(stamp)
    pdf.set_xmp_metadata(_xmp(str(pdf.title), paper, stamp))
    # fpdf2 would take the sum of the compressed bytes; ISO 32000 wants that of the file. pikepdf compresses below.
    pdf.embed_file(
        bytes=xml,
        basename=XML_NAME,
        desc="Factur-X / ZUGFeRD",
        mime_type="text/xml",
        associated_file_relationship="Alternative",
        modification_date=stamp,
        creation_date=stamp,
        compress=False,
        checksum=True,
    )
    with pikepdf.open(io.BytesIO(bytes(pdf.output()))) as finished:
        del finished.Root.OpenAction
        finished.Root.ViewerPreferences = pikepdf.Dictionary(DisplayDocTitle=True)
        finished.save(
            target,
            fix_metadata_version=False,
            deterministic_id=True,
            compress_streams=True,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
        )


def _xmp(title: str, paper: Paper, stamp: datetime) -> str:
    at = stamp.isoformat(timespec="seconds")
    schema = "".join(
        f'<rdf:li rdf:parseType="Resource"><pdfaProperty:name>{name}</pdfaProperty:name>'
        "<pdfaProperty:valueType>Text</pdfaProperty:valueType><pdfaProperty:category>external</pdfaProperty:category>"
        f"<pdfaProperty:description>{meaning}</pdfaProperty:description></rdf:li>"
        for name, meaning in _PROPERTIES
    )
    return f"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:fx="{FACTURX}"
 xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#"
 xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">
<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{escape(title)}</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>{escape(paper.seller.name)}</rdf:li></rdf:Seq></dc:creator>
<dc:language><rdf:Bag><rdf:li>{paper.locale}</rdf:li></rdf:Bag></dc:language>
<xmp:CreateDate>{at}</xmp:CreateDate><xmp:ModifyDate>{at}</xmp:ModifyDate><pdf:Producer>{_PRODUCER}</pdf:Producer>
<fx:DocumentType>INVOICE</fx:DocumentType><fx:DocumentFileName>{XML_NAME}</fx:DocumentFileName>
<fx:Version>1.0</fx:Version><fx:ConformanceLevel>{CONFORMANCE}</fx:ConformanceLevel>
<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>{FACTURX}</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq>{schema}</rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description></rdf:RDF></x:xmpmeta>"""
