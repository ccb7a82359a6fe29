"""Gathers what a State has filed from files, folders and the home, for rules that compare.

From the home count the envelopes that were sent as declarations and not refused: what the
Secretariat returned or rejected was never filed. Read from disk alone, so that checking needs no
network.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sextant_client.home import Home
from sextant_client.prepare.documents import files_below, parse_document, read_document
from sextant_client.received import stored_replies
from sextant_client.sent import SentFolder
from sextant_shared.encoding import b64u, canonical_json, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration import DeclarationBase, read_declaration
from sextant_shared.models.receipts import OutcomeReceipt, OutcomeVerdict
from sextant_shared.models.strict import findings_of
from sextant_shared.rules.filings import Filings

DECLARATION_CTY = "application/vnd.sextant.declaration+json"


@dataclass(frozen=True)
class Filing:
    """One filing: the declaration, and the digest of its canonical form."""

    declaration: DeclarationBase
    digest: bytes

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Filing":
        """Read a document.

        Raises:
            PlatformError: `E_MALFORMED`, with findings when it does not fit its model.
        """
        try:
            declaration = read_declaration(document)
        except ValidationError as error:
            raise PlatformError(
                Code.MALFORMED,
                "this is no declaration that others can be compared with",
                findings=findings_of(error),
                fix="Check it by itself first: sextant check FILE.",
            ) from error
        return cls(declaration, sha256(canonical_json(document)))

    def members(self) -> dict[str, Any]:
        """Return what a report says of it."""
        return {
            "declaration_id": self.declaration.declaration_id,
            "version": self.declaration.version,
            "content": b64u(self.digest),
        }


def filings_of(filed: Iterable[Filing]) -> Filings:
    """Return what filings amount to; of equal versions the first counts."""
    return Filings(one.declaration for one in filed)


def filings_in(path: Path) -> Iterator[Filing]:
    """Yield the filing of a file, or those of a folder with all below it.

    What is named must be a declaration; in a folder, what is none is passed over.

    Raises:
        PlatformError: `E_NOT_FOUND` or `E_MALFORMED`, for a file that is named.
    """
    if not path.is_dir():
        yield Filing.of(read_document(path))
        return
    for inner in files_below(path):
        try:
            filing = Filing.of(read_document(inner))
        except PlatformError:
            continue
        yield filing


def filings_sent(home: Home) -> Iterator[Filing]:
    """Yield the declarations sent from a home, neither refused nor recalled, newest first."""
    refused = {
        envelope.header.irt
        for envelope in stored_replies(home.inbox)
        if isinstance(answer := envelope.answer(), OutcomeReceipt)
        and answer.verdict is not OutcomeVerdict.REGISTERED
    }
    for envelope in reversed(SentFolder(home.sent).standing(home.secretariat)):
        if envelope.id in refused or envelope.message_cty() != DECLARATION_CTY:
            continue
        try:
            yield Filing.of(parse_document(envelope.message()))
        except PlatformError:  # it was sent in spite of its findings, and is not answered yet
            continue
