"""What we sent: one folder per envelope, written before the first byte leaves the machine."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sextant_client.home import as_json, read_json, write_file
from sextant_client.received import Received, stored_replies
from sextant_client.stored import StoredEnvelope
from sextant_shared.encoding import b64u, b64u_decode
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.acts import RecallDetail, RecalledCopy, RecallOutcome
from sextant_shared.protocol.envelope import SealRequest, seal


class SentEnvelope(StoredEnvelope):
    """One envelope of ours on disk."""

    @property
    def id(self) -> str:
        """The envelope's id."""
        return self.folder.name

    @property
    def recall_statement(self) -> Path:
        """What we signed to recall it, once we did."""
        return self.folder / "recall.jws"

    @property
    def recall_receipt(self) -> Path:
        """What proves its recall."""
        return self.folder / "recall.json"

    def is_recalled_from(self, party: str) -> bool:
        """Whether our recall took this party's copy, by the receipt that lies here."""
        if not self.recall_receipt.exists():
            return False
        detail = b64u_decode(str(read_json(self.recall_receipt)["detail"]))
        copies = RecallDetail.model_validate_json(detail).recipients
        return RecalledCopy(party=party, outcome=RecallOutcome.RECALLED) in copies

    def write_receipt(self, raw: bytes) -> None:
        """Keep the receipt.

        Raises:
            PlatformError: `E_INTEGRITY` when another receipt is kept already.
        """
        if self.receipt.exists() and self.receipt.read_bytes() != raw:
            raise PlatformError(
                Code.INTEGRITY, "the exchange gave another receipt for the same envelope"
            )
        write_file(self.receipt, raw)


@dataclass(frozen=True)
class SentFolder:
    """All envelopes of ours."""

    path: Path

    def seal(self, content: Path, request: SealRequest) -> SentEnvelope:
        """Seal a file; the envelope's folder appears whole or not at all.

        Raises:
            PlatformError: `E_TOO_LARGE`, `E_LENGTH`, `E_MALFORMED`.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        partial = self.path / f".{request.id}.new"
        partial.mkdir()
        try:
            with content.open("rb") as source, (partial / "container.dxe").open("wb") as out:
                sealed = seal(source, content.stat().st_size, request, out)
                out.flush()
                os.fsync(out.fileno())
            shutil.copyfile(content, partial / "content")
            write_file(
                partial / "proof.json", as_json({"kpc": b64u(sealed.kpc), "file": content.name})
            )
            partial.rename(self.path / request.id)
        except BaseException:
            shutil.rmtree(partial)
            raise
        return SentEnvelope(self.path / request.id)

    def find(self, envelope_id: str) -> SentEnvelope:
        """Return one of our envelopes.

        Raises:
            PlatformError: `E_NOT_FOUND`.
        """
        folder = self.path / envelope_id
        if not (folder / "container.dxe").exists():
            raise PlatformError(
                Code.NOT_FOUND,
                f"envelope {envelope_id} was not sent from here",
                fix="Take the id that `sextant submit` printed, or name the right --home.",
            )
        return SentEnvelope(folder)

    def all(self) -> list[SentEnvelope]:
        """Return every envelope, oldest first: ids are ordered by time."""
        folders = sorted(self.path.glob("*-*")) if self.path.exists() else []
        return [SentEnvelope(folder) for folder in folders]

    def standing(self, party: str) -> list[SentEnvelope]:
        """Return every envelope but those that we recalled from this party, oldest first."""
        return [envelope for envelope in self.all() if not envelope.is_recalled_from(party)]

    def unfinished(self) -> list[SentEnvelope]:
        """Return what has no receipt yet."""
        return [envelope for envelope in self.all() if not envelope.receipt.exists()]

    @staticmethod
    def replies(inbox: Path, envelope_id: str) -> Iterator[Received]:
        """Yield the stored answers to one of our envelopes, oldest first."""
        return (r for r in stored_replies(inbox) if r.header.irt == envelope_id)
