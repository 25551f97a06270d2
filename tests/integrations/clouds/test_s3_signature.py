"""The signature, against the example that AWS publishes and against AWS' own implementation."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from integrations.clouds.s3_signature import AccessKey, address, headers, presigned

KEY = AccessKey("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")
ORIGIN = "https://examplebucket.s3.amazonaws.com"


def test_the_published_example_has_the_published_signature():
    """ "GET Object" in https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html."""
    url = address(ORIGIN, ["test.txt"], {})

    signed = headers("GET", url, KEY, datetime(2013, 5, 24, tzinfo=UTC), {"range": "bytes=0-9"})

    assert signed["authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )


@pytest.mark.parametrize("name", ["bente.pdf", "ü „A4“ + 😀.pdf", "a b/c?d#e%20f", "~tilde-._", "=&;,:@$!'()*[]"])
def test_every_name_is_signed_as_aws_signs_it(name: str):
    query = {"list-type": "2", "prefix": name, "delimiter": "/"}
    url = address("https://s3.example.org:9000", ["shop", name], query)
    now = datetime.now(UTC)
    ours = headers("GET", url, KEY, now, {"if-match": '"tag"'})
    request = AWSRequest(method="GET", url=url, headers={"if-match": '"tag"'})
    request.context["payload_signing_enabled"] = True

    auth = S3SigV4Auth(Credentials(KEY.id, KEY.secret), "s3", KEY.region)
    request.headers["X-Amz-Content-SHA256"] = auth.payload(request)
    request.context["timestamp"] = now.strftime("%Y%m%dT%H%M%SZ")
    request.headers["X-Amz-Date"] = request.context["timestamp"]
    theirs = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)

    assert ours["authorization"].endswith(f"Signature={theirs}")


@pytest.mark.parametrize("name", ["bente.pdf", "ü „A4“ + 😀.pdf", "a b/c?d#e%20f", "=&;,:@$!'()*[]"])
def test_an_address_for_anybody_is_signed_as_aws_signs_it(name: str):
    now = datetime.now(UTC)
    query = {"response-content-disposition": f"attachment; filename*=UTF-8''{name}", "response-content-type": "x/y"}
    url = address("https://s3.example.org:9000", ["shop", name], {})
    request = AWSRequest(method="GET", url=url, params=query)
    request.context["timestamp"] = now.strftime("%Y%m%dT%H%M%SZ")
    auth = S3SigV4QueryAuth(Credentials(KEY.id, KEY.secret), "s3", KEY.region, expires=300)
    theirs = request.prepare().url
    auth._modify_request_before_signing(request)
    request.context["timestamp"] = now.strftime("%Y%m%dT%H%M%SZ")
    signature = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)

    ours = presigned(url, query, KEY, now)

    assert theirs.startswith("https://s3.example.org:9000/shop/")
    assert ours.endswith(f"&X-Amz-Signature={signature}")


def test_nobody_reads_the_secret_off_a_key():
    assert KEY.secret not in repr(KEY)
