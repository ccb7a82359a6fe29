"""Signed JSON: what two readers could take differently is refused before any signature."""

import json

import pytest

from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.jws import parse_jws, sign_jws
from tests.support.envelopes import XAL


@pytest.mark.parametrize("character", ["ͥ", "é", "\x00", "=", "+", "😀"])
def test_a_payload_that_is_no_base64url_is_refused(character: str) -> None:
    outer = json.loads(sign_jws(b"{}", "test", XAL.sig))
    outer["payload"] += character
    with pytest.raises(PlatformError) as caught:
        parse_jws(json.dumps(outer, ensure_ascii=False).encode(), "test", 65536)
    assert caught.value.code is Code.MALFORMED
