"""One path of the state tree proves the keys of one party, and nothing else does."""

from collections.abc import Callable

import pytest

from sextant_shared.encoding import b64, b64u, canonical_json
from sextant_shared.errors import PlatformError
from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.models.party import RegistryProof
from sextant_shared.protocol.registry_state import (
    RegistryState,
    state_path,
    state_root,
    verify_registry_proof,
)
from tests.support.histories import Life
from tests.support.parties import PartyKeys
from tests.unit.shared.merkle import naive

PARTIES = {name: PartyKeys(name).enrolled() for name in ("NA-XCE", "NA-XAL", "SEC", "NA-XBO")}
ORDER = ["NA-XAL", "NA-XBO", "NA-XCE", "SEC"]


def leaves() -> list[bytes]:
    """Return the leaf hashes as the design has them."""
    documents = [PARTIES[name] for name in ORDER]
    return [
        leaf_hash(
            canonical_json(
                {"party": one.document.party, "ver": one.document.ver, "doc": b64u(one.digest)}
            )
        )
        for one in documents
    ]


def told(work: Callable[[], object]) -> tuple[str, str, str, str]:
    with pytest.raises(PlatformError) as caught:
        work()
    error = caught.value
    return str(error.code), error.detail, error.expected, error.received


def verified(life: Life, proof: RegistryProof) -> RegistryState:
    return verify_registry_proof(proof, life.pinned, life.log.keys)


def test_a_party_that_is_not_enrolled_has_no_path() -> None:
    assert told(lambda: state_path(PARTIES, "NA-XDE")) == (
        "E_NOT_FOUND",
        "party NA-XDE is not enrolled",
        "",
        "",
    )


def test_the_state_is_the_tree_over_all_documents_in_the_order_of_their_parties() -> None:
    hashes = leaves()
    assert state_root(PARTIES) == naive.root(hashes)
    for position, name in enumerate(ORDER):
        path = [b64(node) for node in naive.inclusion(position, hashes)]
        assert state_path(PARTIES, name) == (position, 4, path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"position": 1}, ("E_INTEGRITY", "entry 1 lies outside a tree of size 1")),
        ({"count": 2}, ("E_INTEGRITY", "the inclusion proof is shorter than the tree is high")),
        ({"path": ["?"]}, ("E_MALFORMED", "not base64")),
        ({"entry": "?"}, ("E_MALFORMED", "not base64url")),
    ],
)
def test_a_proof_of_another_place_is_refused(
    change: dict[str, object], words: tuple[str, str]
) -> None:
    life = Life()
    assert told(lambda: verified(life, life.proof().model_copy(update=change)))[:2] == words


def test_a_proof_about_another_entry_or_version_is_refused() -> None:
    life = Life()
    older = life.proof()
    life.rotate("sig 2")
    newer = life.proof()
    stale = newer.model_copy(update={"documents": older.documents})
    assert told(lambda: verified(life, stale))[:2] == (
        "E_INTEGRITY",
        "the inclusion proof of entry 0 does not lead to the root of size 1",
    )
    entry = {"entry": b64u(life.log.leaves[0]), "proof": life.log.proof(0)}
    assert told(lambda: verified(life, newer.model_copy(update=entry))) == (
        "E_INTEGRITY",
        "the entry is no party entry",
        "party.document",
        "envelope.accepted",
    )
    none = newer.model_copy(update={"documents": []})
    assert told(lambda: verified(life, none))[1] == "the proof carries no document"
    gap = newer.model_copy(update={"documents": newer.documents[1:]})
    assert told(lambda: verified(life, gap))[:2] == (
        "E_STATE",
        "the document does not follow the version in force",
    )


def test_a_proof_says_since_when_the_document_is_in_force_and_under_which_head() -> None:
    life = Life()
    index = life.rotate("sig 2")
    found = verified(life, life.proof())
    assert (found.index, found.party) == (index, life.document)
    assert found.checkpoint.size == len(life.log.leaves)


def test_a_lost_root_is_proved_with_its_announcement() -> None:
    life = Life()
    raw = life.recovery()
    announced = life.announce(raw)
    life.now += 3 * 86_400.0
    life.recover(raw, announced)
    assert verified(life, life.proof()).party == life.document
    hidden = life.proof().model_copy(update={"recoveries": []})
    assert told(lambda: verified(life, hidden))[0] == "E_KEY"
