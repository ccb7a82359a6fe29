"""What the exchange tells of an envelope, carried to a home without a network and kept there.

Responsible for holding a story against what lies in the home, and for saying how old it is. A story
is the word of the exchange, as `sextant status` shows it with a network too; receipts prove it.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sextant_client.documents import index_of
from sextant_client.home import Home, as_json, read_json, write_file
from sextant_client.received import stored_replies
from sextant_client.sent import SentEnvelope
from sextant_client.stored import StoredEnvelope
from sextant_shared.encoding import b64u
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.exchange import (
    DeliveryState,
    EnvelopeEvents,
    EnvelopeStatus,
    EnvelopeThread,
)
from sextant_shared.models.strict import Strict, Version1, read_model
from sextant_shared.protocol.checkpoints import Checkpoint, LogKeys, verify_checkpoint

_TAKEN = frozenset({"fetched", "acknowledged"})
_OVER = frozenset({DeliveryState.ACKNOWLEDGED, DeliveryState.RECALLED, DeliveryState.DISCARDED})


class Story(Strict):
    """Where an envelope stands, every act on it, and the messages around it."""

    status: EnvelopeStatus
    events: EnvelopeEvents
    thread: EnvelopeThread

    @property
    def is_taken(self) -> bool:
        """Whether each recipient has its copy, or will never have it."""
        taken = {event.party for event in self.events.events if event.event in _TAKEN}
        return all(r.state in _OVER or r.party in taken for r in self.status.recipients)


class KeptStory(Strict):
    """A story as it was carried here, and the head of the log that came with it."""

    v: Version1
    head: str
    story: Story


@dataclass(frozen=True)
class KeptStories:
    """The folder `stories/` of a home: a folder for each sender, a file for each envelope."""

    home: Home
    keys: LogKeys

    @cached_property
    def _received(self) -> dict[tuple[str, str], StoredEnvelope]:
        found = ((one.header, one) for one in stored_replies(self.home.inbox))
        return {(header.from_, header.id): one for header, one in found}

    def keep(self, sender: str, envelope_id: str, story: Story, head: Checkpoint) -> None:
        """Keep a story, once it is of that envelope and fits what lies here.

        Raises:
            PlatformError: `E_INTEGRITY` when it is about another envelope, or other bytes, or
                another place in the log, than what was sealed, received and receipted here.
        """
        status = story.status
        _same("envelope", f"{sender} {envelope_id}", f"{status.sender} {status.id}")
        sent = SentEnvelope(self.home.sent / envelope_id)
        is_own = sender == self.home.config().party and sent.container.exists()
        held = sent if is_own else self._received.get((sender, envelope_id))
        if held is not None:
            _same("manifest", b64u(held.digest), status.manifest)
            if held.receipt.exists():
                _same("log entry", str(index_of(held.receipt.read_bytes())), str(status.index))
        kept = KeptStory(v=1, head=head.text, story=story)
        write_file(
            self._path(sender, envelope_id),
            as_json(kept.model_dump(mode="json", by_alias=True)),
        )

    def find(self, sender: str, envelope_id: str) -> tuple[Story, Checkpoint] | None:
        """Return the story kept of an envelope and the head that came with it; None without one.

        Raises:
            PlatformError: `E_MALFORMED`, `E_SIGNATURE` for a file that is damaged.
        """
        path = self._path(sender, envelope_id)
        if not path.exists():
            return None
        kept = read_model(KeptStory, read_json(path))
        return kept.story, verify_checkpoint(kept.head, self.keys)

    def told(self, sender: str, envelope_id: str) -> tuple[Story, Checkpoint]:
        """Return it.

        Raises:
            PlatformError: `E_NOT_FOUND` when none was carried here; and as `find`.
        """
        found = self.find(sender, envelope_id)
        if found is None:
            raise PlatformError(
                Code.NOT_FOUND,
                f"nothing was carried here yet of what became of {envelope_id}",
                fix="Make a trip: sextant bundle export, deliver, accept (docs/air-gap.md). For an"
                " envelope of another party name it: --sender PARTY.",
            )
        return found

    def _path(self, sender: str, envelope_id: str) -> Path:
        folder = self.home.path / "stories" / Path(sender).name
        return folder / f"{Path(envelope_id).name}.json"


def _same(what: str, expected: str, received: str) -> None:
    if expected != received:
        raise PlatformError(
            Code.INTEGRITY,
            f"what the exchange tells of an envelope is of another {what} than lies here",
            expected=expected,
            received=received,
            fix="Have it delivered again; if it repeats, ask the operator of the exchange.",
        )
