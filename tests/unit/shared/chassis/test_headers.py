"""The headers of every answer: added where they lack, never twice, never over a page's own."""

import base64
import hashlib

from sextant_shared.chassis import api_docs
from sextant_shared.chassis.headers import NOTHING, hash_of, lines, with_security


def test_an_answer_that_says_nothing_gets_the_policy_that_allows_nothing() -> None:
    headers = dict(with_security([(b"content-type", b"application/json")]))
    assert headers[b"content-security-policy"] == NOTHING.encode()
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert headers[b"content-type"] == b"application/json"


def test_what_an_answer_says_itself_stays_and_stands_once() -> None:
    said = [(b"Content-Security-Policy", b"sandbox"), (b"x-frame-options", b"DENY")]
    names = [name.lower() for name, _ in with_security(said)]
    assert len(names) == len(set(names))
    assert (b"Content-Security-Policy", b"sandbox") in with_security(said)


def test_an_answer_without_the_framework_has_them_too() -> None:
    assert f"content-security-policy: {NOTHING}" in lines()
    assert all("\r" not in line and "\n" not in line for line in lines())


def test_a_hash_is_that_of_the_inline_text_in_utf_8() -> None:
    digest = base64.b64encode(hashlib.sha256("é".encode()).digest()).decode()
    assert hash_of("é") == f"'sha256-{digest}'"


def test_the_page_of_the_interface_allows_what_stands_in_it_and_nothing_else() -> None:
    page = api_docs.page("Sextant room")
    for tag in ("style", "script"):
        inline = page.partition(f"<{tag}>")[2].partition(f"</{tag}>")[0]
        assert hash_of(inline) in api_docs.PAGE_POLICY
        assert page.count(f"<{tag}") == 1
    assert " on" not in page.partition("<body>")[2].partition("<script>")[0]
    assert "style=" not in page
