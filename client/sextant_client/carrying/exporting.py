"""Puts sealed envelopes on a stick, and says where the home stands so that the rest is brought."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sextant_client.answers import RECEIPT_CTY
from sextant_client.carrying.indexes import (
    MAX_FOLLOWED,
    MAX_PARTIES,
    CarriedEnvelope,
    Followed,
    StickIndex,
)
from sextant_client.carrying.offline import KeptDocuments
from sextant_client.carrying.recalling import carry
from sextant_client.carrying.saying import carry as carry_statements
from sextant_client.carrying.stick import NOTE, StickWriter
from sextant_client.carrying.stories import KeptStories
from sextant_client.custody import owed_of
from sextant_client.home import Home
from sextant_client.received import stored_replies
from sextant_client.sent import SentEnvelope, SentFolder
from sextant_shared.clock import Clock, timestamp_s
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.envelope import UUID7_PATTERN
from sextant_shared.protocol.receipts import verify_custody


@dataclass(frozen=True)
class Exported:
    """What was put on the stick."""

    path: Path
    size: int
    envelopes: tuple[CarriedEnvelope, ...]
    recalls: tuple[str, ...] = ()
    statements: tuple[str, ...] = ()


def export_stick(
    home: Home,
    ids: Sequence[str],
    out: Path,
    clock: Clock,
    about: Sequence[str] = (),
    *,
    records: Sequence[str] = (),
) -> Exported:
    """Write the sealed envelopes `ids`, by default all without a receipt, to a file or folder.

    Recalls and statements that were signed and are not proved yet go with them. `records` are
    envelopes under our name that were not sealed here: the log's record of each is wanted.

    Also with nothing to send it is worth a trip: it asks for replies, for the documents of parties
    (those of `about` too), and for what became of what was sent and received before.

    Raises:
        PlatformError: `E_CONTENT` for a record that is no envelope's id; `E_NOT_FOUND`, `E_STATE`,
            `E_UNAVAILABLE` when the stick refuses.
    """
    config, trust, sent = home.config(), home.trust, SentFolder(home.sent)
    chosen = [sent.find(id_) for id_ in ids] if ids else sent.unfinished()
    target = out / f"sextant-{config.party}-out.zip" if out.is_dir() else out
    writer = StickWriter()
    envelopes = [_carried(writer, envelope, config.party) for envelope in chosen]
    recalls = list(carry(writer, sent))
    statements = list(carry_statements(writer, home))
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
        parties=_parties(home, about),
        envelopes=envelopes,
        recalls=recalls,
        statements=statements,
        records=_ids(records),
        follow=_followed(home),
        witness=trust.policy is not None,
        members=writer.described(),
    )
    size = writer.write(target, index)
    return Exported(
        target,
        size,
        tuple(envelopes),
        tuple(one.id for one in recalls),
        tuple(one.id for one in statements),
    )


def _ids(records: Sequence[str]) -> list[str]:
    for id_ in records:
        if not re.fullmatch(UUID7_PATTERN, id_):
            raise PlatformError(
                Code.CONTENT,
                "a record is wanted of something that is no envelope",
                expected="the id of an envelope: a UUIDv7 in lower case",
                received=id_[:64],
            )
    return list(dict.fromkeys(records))


def _parties(home: Home, about: Sequence[str]) -> list[str]:
    """Return whose documents are wanted: of all that the home seals to, or may have to answer."""
    config, kept = home.config(), KeptDocuments.of(home, home.trust).all()
    senders = {received.header.from_ for received in stored_replies(home.inbox)}
    first = [config.party, config.secretariat, *about]
    return list(dict.fromkeys([*first, *sorted({*kept, *senders})]))[:MAX_PARTIES]


def _followed(home: Home) -> list[Followed]:
    """Return of which envelopes the home wants to be told: first those whose story is not over.

    Of many, those that were told of longest ago come first, so that each has its turn.
    """
    trust, party = home.trust, home.config().party
    stories = KeptStories(home, trust.log_keys)
    found: list[tuple[bool, int, Followed]] = []
    for sent in SentFolder(home.sent).all():
        if not sent.receipt.exists():
            continue
        size = None
        if trust.policy is not None and not sent.witnessed.exists():
            raw = sent.receipt.read_bytes()
            size = verify_custody(raw, sent.digest, sent.id, trust.log_keys).checkpoint.size
        found.append((*_told(home, stories, party, sent.id), _follow(party, sent.id, size)))
    for received in stored_replies(home.inbox):
        header = received.header
        if header.cty != RECEIPT_CTY:
            told = _told(home, stories, header.from_, header.id)
            found.append((*told, _follow(header.from_, header.id, None)))
    found.sort(key=lambda one: one[:2])
    return [followed for _, _, followed in found[:MAX_FOLLOWED]]


def _follow(sender: str, envelope_id: str, receipt: int | None) -> Followed:
    return Followed(sender=sender, id=envelope_id, receipt=receipt)


def _told(home: Home, stories: KeptStories, sender: str, envelope_id: str) -> tuple[bool, int]:
    """Return whether nothing more is to be expected of an envelope, and as of which head."""
    found = stories.find(sender, envelope_id)
    if found is None:
        return False, 0
    story, head = found
    owed = owed_of(story.thread, home, home.config().secretariat)
    is_open = any(one.message == envelope_id and not one.answered for one in owed)
    return story.is_taken and not is_open, head.size


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
