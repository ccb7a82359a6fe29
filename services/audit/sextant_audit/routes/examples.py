"""Bodies that the log's services and operators send; all made up."""

from sextant_shared.chassis.examples import DECLARED, Examples
from sextant_shared.chassis.sidecar.routes import EXAMPLES as OF_DETAILS
from sextant_shared.encoding import b64u, sha256
from sextant_shared.models.copies import CopyReport
from sextant_shared.models.entries import EnvelopeAcceptedEntry, format_entry
from sextant_shared.models.log import AppendRequest

_ACCEPTED = EnvelopeAcceptedEntry(
    v=1,
    type="envelope.accepted",
    id=b64u(sha256(b"the id of an entry")[:16]),
    t="2026-03-30T14:05:09.217Z",
    nonce=b64u(sha256(b"the nonce of an entry")[:16]),
    env=DECLARED,
    man=b64u(sha256(b"a manifest")),
    reg=4,
)
EXAMPLES: Examples = {
    **OF_DETAILS,
    "entries_append_entries": {
        "an envelope was accepted": AppendRequest(entries=[b64u(format_entry(_ACCEPTED))])
    },
    "copies_report_copy": {
        "a backup was made": CopyReport(
            act="backup",
            of="exchange",
            size=8,
            digest=b64u(sha256(b"a backup")),
            note="Every night at two.",
        ),
        "a service was restored": CopyReport(act="restore", of="declarations", size=8),
    },
}
