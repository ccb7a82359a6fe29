"""What lies in the inbox is read by what it says it is, and no further than that can be."""

from pathlib import Path

import pytest

from sextant_client.answers import RECEIPT_CTY
from sextant_client.received import Received
from sextant_shared.errors import Code, PlatformError
from tests.integration.exchange.containers import sealed
from tests.support.memory import peak_growth


def test_a_receipt_as_large_as_a_content_may_be_is_refused_unread(tmp_path: Path) -> None:
    received = Received(tmp_path / "1")
    received.folder.mkdir()
    received.container.write_bytes(sealed(cty=RECEIPT_CTY).data)
    with received.content.open("wb") as file:
        file.truncate(100 << 20)

    def read() -> None:
        with pytest.raises(PlatformError) as caught:
            received.answer()
        assert caught.value.code is Code.CONTENT

    assert peak_growth(read) < 40 << 20
