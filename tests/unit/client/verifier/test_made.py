"""Bundles of a log in memory: what no honest exchange would hand out, and keys that were stolen."""

from pathlib import Path

import pytest

from sextant_client.errors import VerificationError
from sextant_client.trust import PinnedLog, Trust, TrustFile
from sextant_client.verifier.__main__ import main
from sextant_client.verifier.files import Proved, verify_file
from sextant_shared.models.party import RegistrarKeys, RegistrarsFile
from sextant_shared.models.statements import Says
from tests.support.envelopes import join, make_container, split
from tests.support.logs import MemoryLog, receipt_key
from tests.support.parties import registrar_pairs
from tests.unit.client.identity.sent import Sent
from tests.unit.client.verifier.bundles import Bundle, told


def trusting(log: MemoryLog) -> Trust:
    registrars = [
        RegistrarKeys(name=f"REG-{number}", keys=[dict(half.jwk) for half in pair])
        for number, pair in enumerate(registrar_pairs(), start=1)
    ]
    key = dict(receipt_key().verifier.jwk)
    pinned = PinnedLog(origin=log.origin, vkeys=list(log.keys.vkeys), receipt_key=key)
    file = RegistrarsFile(threshold=2, registrars=registrars)
    return Trust(TrustFile(v=1, registrars=file, log=pinned, checkpoint=None))


def judged(sent: Sent, bundle: Bundle, folder: Path) -> Proved:
    bundle.seal()
    return verify_file(bundle.write(folder / "made.zip"), trusting(sent.life.log))


def refused(sent: Sent, bundle: Bundle, folder: Path) -> list[object]:
    with pytest.raises(VerificationError) as caught:
        judged(sent, bundle, folder)
    return told(caught.value)


def test_an_envelope_that_its_sender_did_not_sign_is_refused_though_it_was_accepted(
    tmp_path: Path,
) -> None:
    raw, body = split(make_container())
    at = raw.rindex(b'"signature":"') + 20
    bent = raw[:at] + (b"B" if raw[at : at + 1] == b"A" else b"A") + raw[at + 1 :]
    sent = Sent(join(bent, body))
    found = refused(sent, Bundle.of(sent), tmp_path)
    assert found[:2] == [14, "E_SIGNATURE"]


def test_documents_for_another_place_of_the_same_bytes_are_refused(tmp_path: Path) -> None:
    sent = Sent()
    again = sent.life.log.append(sent.leaf)
    for what, member in {"tlog-proof": "entry.tlog-proof", "receipt": "entry.cose"}.items():
        bundle = Bundle.of(sent)
        bundle.members["entry.tlog-proof"] = sent.life.log.proof(again).encode()
        if what == "receipt":
            bundle.members[member] = sent.life.log.cose(again)
        else:
            bundle.envelope["proof"] = member
        assert refused(sent, bundle, tmp_path) == [
            12,
            "E_INTEGRITY",
            f"the bundle's documents disagree about the index of the {what}",
            str(sent.index),
            str(again),
            "",
        ]


@pytest.mark.parametrize(
    ("words", "said", "is_doubtful"),
    [
        ((), "flagged, and its sender did not affirm it", True),
        ((Says.REPUDIATED,), "repudiated", True),
        ((Says.REPUDIATED, Says.AFFIRMED), "affirmed", False),
    ],
)
def test_an_envelope_under_stolen_keys_is_in_doubt_until_its_sender_affirms_it(
    words: tuple[Says, ...], said: str, *, is_doubtful: bool, tmp_path: Path
) -> None:
    sent = Sent()
    before = sent.life.proof()
    flags = sent.stolen()
    statements = [sent.say(word) for word in words]
    bundle = Bundle.of(sent, *statements)
    bundle.members["registry.json"] = before.model_dump_json().encode()
    found = judged(sent, bundle, tmp_path)
    assert found.is_doubtful is is_doubtful
    assert found.facts["flags"] == list(flags)
    assert found.facts["said"] == (words[-1] if words else None)
    plain = (
        f"NA-XAL sent {sent.manifest.header.id}, log entry {sent.index}, {sent.receipt.t},"
        " level logged"
    )
    assert found.summary == plain + (f"; DOUBTFUL: {said}" if is_doubtful else "")
    trust = tmp_path / "trust.json"
    trust.write_text(trusting(sent.life.log).file.model_dump_json())
    status = main([str(tmp_path / "made.zip"), "--trust", str(trust)])
    assert status == (5 if is_doubtful else 0)


def test_an_envelope_that_its_sender_repudiates_is_in_doubt_without_any_flag(
    tmp_path: Path,
) -> None:
    sent = Sent()
    found = judged(sent, Bundle.of(sent, sent.say(Says.REPUDIATED)), tmp_path)
    assert (found.is_doubtful, found.facts["flags"]) == (True, [])
    assert found.summary.endswith("; DOUBTFUL: repudiated")
