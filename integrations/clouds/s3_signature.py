"""Signs a request as S3 wants it: AWS Signature Version 4, service `s3`.

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
PRESIGNED_SECONDS = 300  # to begin or to resume a transfer; one that has begun goes on
BODY_SUM = "x-amz-content-sha256"
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
    """All headers of a request to that `address`; `more` is signed, too, and names the sum of a body. `now` in UTC."""
    parts = urlsplit(url)
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    signed = {BODY_SUM: NO_BODY, **more, "host": parts.netloc, "x-amz-date": stamp}
    names = ";".join(sorted(signed))
    lines = "".join(f"{name}:{signed[name].strip()}\n" for name in sorted(signed))
    request = "\n".join((method, parts.path or "/", parts.query, lines, names, signed[BODY_SUM]))
    credential = f"Credential={key.id}/{_scope(key, stamp)},SignedHeaders={names}"
    return {**signed, "authorization": f"{ALGORITHM} {credential},Signature={_signature(request, key, stamp)}"}


def presigned(url: str, query: Mapping[str, str], key: AccessKey, now: datetime) -> str:
    """That `address` as one that anybody may read for `PRESIGNED_SECONDS`, with `query` besides.

    https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
    """
    parts = urlsplit(url)
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    signed = {
        **query,
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{key.id}/{_scope(key, stamp)}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(PRESIGNED_SECONDS),
        "X-Amz-SignedHeaders": "host",
    }
    words = "&".join(f"{quote(name, safe='')}={quote(signed[name], safe='')}" for name in sorted(signed))
    request = "\n".join(("GET", parts.path, words, f"host:{parts.netloc}\n", "host", "UNSIGNED-PAYLOAD"))
    return f"{url}?{words}&X-Amz-Signature={_signature(request, key, stamp)}"


def _scope(key: AccessKey, stamp: str) -> str:
    return f"{stamp[:8]}/{key.region}/s3/aws4_request"


def _signature(request: str, key: AccessKey, stamp: str) -> str:
    told = "\n".join((ALGORITHM, stamp, _scope(key, stamp), hashlib.sha256(request.encode()).hexdigest()))
    return hmac.new(_derived(key, stamp[:8]), told.encode(), hashlib.sha256).hexdigest()


def _derived(key: AccessKey, day: str) -> bytes:
    secret = f"AWS4{key.secret}".encode()
    for word in (day, key.region, "s3", "aws4_request"):
        secret = hmac.new(secret, word.encode(), hashlib.sha256).digest()
    return secret
