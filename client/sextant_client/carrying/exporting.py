"""Puts sealed envelopes on a stick, and says where the home stands so that the rest is brought."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sextant_client.carrying.indexes import CarriedEnvelope, StickIndex
from sextant_client.carrying.stick import NOTE, StickWriter
from sextant_client.home import Home
from sextant_client.sent import SentEnvelope, SentFolder
from sextant_shared.clock import Clock, timestamp_s
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError


@dataclass(frozen=True)
class Exported:
    """What was put on the stick."""

    path: Path
    size: int
    envelopes: tuple[CarriedEnvelope, ...]


def export_stick(home: Home, ids: Sequence[str], out: Path, clock: Clock) -> Exported:
    """Write the sealed envelopes `ids`, by default all without a receipt, to a file or folder.

    Also with nothing to send it is worth a trip: it asks for replies and party documents.

    Raises:
        PlatformError: `E_NOT_FOUND`, `E_STATE`, `E_UNAVAILABLE` when the stick refuses.
    """
    config, trust, sent = home.config(), home.trust, SentFolder(home.sent)
    chosen = [sent.find(id_) for id_ in ids] if ids else sent.unfinished()
    target = out / f"sextant-{config.party}-out.zip" if out.is_dir() else out
    writer = StickWriter()
    envelopes = [_carried(writer, envelope, config.party) for envelope in chosen]
    made = timestamp_s(clock())
    writer.add(NOTE, _note(config.party, made, envelopes).encode())
    newest = trust.checkpoint()
    index = StickIndex(
        v=1,
        kind="sextant-stick",
        party=config.party,
        made=made,
        collected=home.cursor(),
        checkpoint=newest.text if newest else None,
        parties=sorted({config.party, config.secretariat}),
        envelopes=envelopes,
        members=writer.described(),
    )
    return Exported(target, writer.write(target, index), tuple(envelopes))


def _carried(writer: StickWriter, envelope: SentEnvelope, party: str) -> CarriedEnvelope:
    manifest = envelope.manifest()
    if manifest.header.from_ != party:
        raise PlatformError(
            Code.SENDER,
            f"envelope {envelope.id} was sealed by another party",
            expected=party,
            received=manifest.header.from_,
        )
    return CarriedEnvelope(
        id=envelope.id,
        manifest=b64u(manifest.digest),
        created=manifest.header.created,
        container=writer.add(f"envelopes/{envelope.id}.dxe", envelope.container),
    )


def _note(party: str, made: str, envelopes: Sequence[CarriedEnvelope]) -> str:
    lines = [
        f"Sealed envelopes of {party}, put on this stick at {made}.",
        "",
        "Nothing here can be read or altered by whoever carries it; it can only be lost.",
        "To deliver, on a machine with a network and a home of this party:",
        "",
        "    sextant bundle deliver THIS-FILE --out stick-back.zip --wait 60",
        "",
        "Bring stick-back.zip back. Deliver within a day: an exchange takes no older seals.",
        "",
        *(f"{one.id}  sealed {one.created}" for one in envelopes),
    ]
    return "\n".join(lines) + "\n"
