"""XML that a server answered with, which may be any server."""

from __future__ import annotations

from xml.etree.ElementTree import Element, ParseError, fromstring

from portal.storages import StorageUnavailable


def parsed(content: bytes) -> Element:
    """The root. Raises StorageUnavailable for what is no XML, or declares entities, which could grow without end."""
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content or b"\0" in content:  # the last would hide the others
        raise StorageUnavailable("The answer is XML of a kind that no storage sends.")
    try:
        return fromstring(content)  # noqa: S314 (the answer's length is limited, and entities are refused above)
    except (ParseError, ValueError, LookupError) as error:  # the last for an encoding that nobody knows
        raise StorageUnavailable("The answer is no XML as a storage sends it.") from error
