"""The announced length of a deposit: an error that says both numbers."""

import io

import pytest

from sextant_exchange.domain.acceptance import check_length
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.envelope import seal_bytes
from sextant_shared.protocol.manifest import read_manifest
from tests.support.envelopes import make_request


@pytest.mark.parametrize("off", [-1, 1])
def test_a_length_that_does_not_fit_is_told_with_both_numbers(off: int) -> None:
    container, _ = seal_bytes(b"content", make_request())
    manifest = read_manifest(io.BytesIO(container))
    check_length(manifest, len(container))
    with pytest.raises(PlatformError) as caught:
        check_length(manifest, len(container) + off)
    error = caught.value
    assert error.code is Code.LENGTH
    assert "Content-Length" in error.detail
    assert (error.expected, error.received) == (str(len(container)), str(len(container) + off))
