"""Signs a request as S3 wants it: AWS Signature Version 4, service `s3`, without a body.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"
NO_BODY = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True)
class AccessKey:
    id: str
    secret: str = field(repr=False)
    region: str


def address(origin: str, parts: list[str], query: Mapping[str, str]) -> str:
    """The address in the one spelling that is signed and sent: unreserved characters stand, names are in order."""
    path = "/".join(quote(part, safe="") for part in parts)
    words = "&".join(f"{quote(name, safe='')}={quote(query[name], safe='')}" for name in sorted(query))
    return f"{origin}/{path}" + (f"?{words}" if words else "")


def headers(method: str, url: str, key: AccessKey, now: datetime, more: Mapping[str, str]) -> dict[str, str]:
    """All headers of a request to that `address`; `more` is signed, too. `now` in UTC."""
    parts = urlsplit(url)
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    signed = {**more, "host": parts.netloc, "x-amz-content-sha256": NO_BODY, "x-amz-date": stamp}
    names = ";".join(sorted(signed))
    lines = "".join(f"{name}:{signed[name].strip()}\n" for name in sorted(signed))
    request = "\n".join((method, parts.path or "/", parts.query, lines, names, NO_BODY))
    scope = f"{stamp[:8]}/{key.region}/s3/aws4_request"
    told = "\n".join((ALGORITHM, stamp, scope, hashlib.sha256(request.encode()).hexdigest()))
    signature = hmac.new(_derived(key, stamp[:8]), told.encode(), hashlib.sha256).hexdigest()
    credential = f"{ALGORITHM} Credential={key.id}/{scope},SignedHeaders={names},Signature={signature}"
    return {**signed, "authorization": credential}


def _derived(key: AccessKey, day: str) -> bytes:
    secret = f"AWS4{key.secret}".encode()
    for word in (day, key.region, "s3", "aws4_request"):
        secret = hmac.new(secret, word.encode(), hashlib.sha256).digest()
    return secret
