"""The bill of materials: CycloneDX in JSON, checked against its own schema."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.factory.license import LicenseFactory
from cyclonedx.model import Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.dependency import Dependency
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from release.parts import TRESEN, Part, Unclear


@dataclass(frozen=True, kw_only=True)
class Release:
    """`at`: the commit's time, in seconds; `glibc`: the oldest one that it runs with, such as `2.36`."""

    version: str
    commit: str
    at: int
    glibc: str

    @property
    def name(self) -> str:
        return f"{TRESEN}-{self.version}-linux-x86_64"


def written(release: Release, parts: Iterable[Part]) -> str:
    """The same for the same commit: its number and time come from there. Raises Unclear."""
    others = [_component(part) for part in parts if part.name != TRESEN]
    itself = next(_component(part, ComponentType.APPLICATION) for part in parts if part.name == TRESEN)
    itself.properties.add(Property(name="tresen:commit", value=release.commit))
    itself.properties.add(Property(name="tresen:glibc", value=release.glibc))
    bom = Bom(
        components=others,
        serial_number=uuid5(NAMESPACE_URL, f"{release.name}#{release.commit}"),
        metadata=BomMetaData(component=itself, timestamp=datetime.fromtimestamp(release.at, UTC)),
        dependencies=[Dependency(itself.bom_ref, [Dependency(each.bom_ref) for each in others])],
    )
    text: str = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=1)
    if wrong := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text):
        raise Unclear(f"The bill of materials is not as CycloneDX wants it: {wrong}")
    return text + "\n"


def _component(part: Part, kind: ComponentType = ComponentType.LIBRARY) -> Component:
    return Component(
        name=part.name,
        version=part.version,
        type=kind,
        bom_ref=part.purl,
        purl=PackageURL.from_string(part.purl),
        licenses=[LicenseFactory().make_from_string(part.licence)],
        components=[
            Component(name=library, type=ComponentType.LIBRARY, bom_ref=f"{part.purl}#{library}")
            for library in part.libraries
        ],
    )
