"""What every click that spends downloads brings, and what every answer to it bears."""

from __future__ import annotations

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from portal.downloads import Attempt
from routes.forms import field_of
from routes.given import AnyRequest, IpPrefix, Now

PRIVATE = {"Cache-Control": "private, no-store"}


async def attempt(request: AnyRequest, now: Now, ip_prefix: IpPrefix) -> Attempt:
    """Who clicks: the mark of the rendered page makes a double click one download."""
    return Attempt(mark=await field_of(request, "attempt"), ip_prefix=ip_prefix, at=now)


Asker = NamedDependency[SkipValidation[Attempt]]
