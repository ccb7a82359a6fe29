"""Asks what became of envelopes, and for heads that witnesses signed: for the return file.

Responsible for what of it travels; what of it holds is looked at where the keys are.
"""

from collections.abc import Iterable, Iterator, Mapping

from sextant_client.carrying.indexes import CarriedStory, WitnessedReceipt
from sextant_client.carrying.stick import StickWriter
from sextant_client.carrying.stories import Story
from sextant_client.client import Client
from sextant_shared.errors import Code, PlatformError
from sextant_shared.protocol.checkpoints import Checkpoint, verify_checkpoint


def tell(
    client: Client, writer: StickWriter, wanted: Iterable[tuple[str, str]]
) -> Iterator[CarriedStory]:
    """Put in what the exchange tells of envelopes, by sender and id; pass over what it never had.

    Raises:
        PlatformError: `E_UNAVAILABLE` and the rest.
    """
    for sender, id_ in dict.fromkeys(wanted):
        try:
            story = Story(
                status=client.status(id_, sender),
                events=client.events(id_, sender),
                thread=client.thread(id_, sender),
            )
        except PlatformError as error:
            if error.code is not Code.NOT_FOUND:
                raise
            continue
        raw = story.model_dump_json(by_alias=True).encode()
        member = writer.add(f"stories/{sender}/{id_}.json", raw)
        yield CarriedStory(sender=sender, id=id_, member=member)


def witness(
    client: Client, writer: StickWriter, sizes: Mapping[str, int], heads: dict[int, Checkpoint]
) -> Iterator[WitnessedReceipt]:
    """Put in the witnessed head, if there is one, that continues each size; note it in `heads`.

    Raises:
        PlatformError: `E_UNAVAILABLE` and the rest.
    """
    members: dict[int, str | None] = {}
    for id_, size in sizes.items():
        if size not in members:
            head = client.log.witnessed(size)
            members[size] = None
            if head is not None:
                checkpoint = verify_checkpoint(head.checkpoint, client.trust.log_keys)
                heads[checkpoint.size] = checkpoint
                raw = head.model_dump_json().encode()
                members[size] = writer.add(f"witnessed/{size}.json", raw)
        if (member := members[size]) is not None:
            yield WitnessedReceipt(id=id_, member=member)
