"""The Secretariat's answers as they stand inside an envelope: opened and outcome receipts."""

from sextant_shared.encoding import parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.receipts import OpenedReceipt, OutcomeReceipt
from sextant_shared.models.strict import read_model

RECEIPT_CTY = "application/vnd.sextant.receipt+json"
MAX_RECEIPT_BYTES = 8 << 20
Answer = OpenedReceipt | OutcomeReceipt
_MODELS: dict[str, type[OpenedReceipt] | type[OutcomeReceipt]] = {
    "opened": OpenedReceipt,
    "outcome": OutcomeReceipt,
}


def read_answer(content: bytes) -> Answer:
    """Parse the content of an opened or outcome receipt.

    Raises:
        PlatformError: `E_CONTENT`.
    """
    try:
        members = parse_json(content, max_bytes=MAX_RECEIPT_BYTES)
    except PlatformError as error:
        raise PlatformError(Code.CONTENT, f"no receipt: {error.detail}") from error
    model = _MODELS.get(str(members.get("kind")))
    if model is None:
        raise PlatformError(Code.CONTENT, "unknown kind of receipt", expected="opened, outcome")
    return read_model(model, members, code=Code.CONTENT)
