"""Requests of our own to S3 are signed as its documentation has it, and answers are not trusted."""

import pytest

from sextant_shared.chassis.objects.parts import Asked, signed, uploads_in
from sextant_shared.chassis.objects.settings import Credentials
from sextant_shared.errors import Code, PlatformError

# Amazon S3 API Reference, "Signature Calculations for the Authorization Header: Transferring
# Payload in a Single Chunk", example GET Bucket (List Objects): key, time and answer are theirs.
EXAMPLE = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
FRIDAY = 1_369_353_600.0  # 2013-05-24T00:00:00Z
SIGNATURE = "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"

LISTED = """<?xml version="1.0" encoding="UTF-8"?>
<ListMultipartUploadsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
<Upload><Key>blobs/one</Key><UploadId>u1</UploadId><Initiated>2026-01-02T03:04:05.000Z</Initiated>
</Upload></ListMultipartUploadsResult>"""


def test_the_example_of_the_documentation_gets_its_signature() -> None:
    asked = Asked("GET", "examplebucket.s3.amazonaws.com", "/?max-keys=2&prefix=J", "us-east-1")
    headers = signed(asked, EXAMPLE, FRIDAY)
    assert headers["authorization"].endswith(f"Signature={SIGNATURE}")
    assert headers["x-amz-date"] == "20130524T000000Z"
    assert EXAMPLE.secret not in str(headers)


def test_a_session_token_goes_along_and_is_signed() -> None:
    who = Credentials("id", "secret", "for an hour")
    headers = signed(Asked("GET", "a.example", "/b?uploads=", "eu"), who, FRIDAY)
    assert headers["x-amz-security-token"] == "for an hour"
    assert "x-amz-security-token" in headers["authorization"]


def test_a_list_of_uploads_is_read() -> None:
    (one,) = uploads_in(LISTED.encode())
    assert (one.key, one.upload, one.begun) == ("blobs/one", "u1", 1_767_323_045.0)
    assert uploads_in(b"<ListMultipartUploadsResult/>") == []


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>",
        LISTED.replace("UploadId", "Upload").encode(),
        LISTED.replace("2026-01-02T", "someday ").encode(),
        b'<!DOCTYPE x [<!ENTITY e "boom">]><x>&e;</x>',
    ],
    ids=["nothing", "no XML", "no id", "no time", "entities"],
)
def test_an_answer_that_is_something_else_is_no_list(answer: bytes) -> None:
    with pytest.raises(PlatformError) as refused:
        uploads_in(answer)
    assert refused.value.code is Code.UNAVAILABLE
