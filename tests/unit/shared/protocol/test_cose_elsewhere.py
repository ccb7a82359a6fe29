"""COSE receipts before a reader in another language, written from the RFCs alone, on no library."""

import json
from pathlib import Path
from typing import Any

from sextant_shared.merkle.hashing import leaf_hash
from sextant_shared.protocol.cose_receipts import format_consistency, format_inclusion, sign_root
from tests.support.logs import NOW, ORIGIN, receipt_signer
from tests.support.toolchains import INTEGRATORS, need, run
from tests.unit.shared.merkle import naive

ENTRIES = [b"entry %d" % number for number in range(13)]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
SIGNED = sign_root(ORIGIN, naive.root(LEAVES), receipt_signer(), NOW)
SIZE = len(LEAVES)


def verdicts(folder: Path, cases: list[dict[str, Any]]) -> list[str]:
    key, given = folder / "key.json", folder / "cases.json"
    key.write_text(json.dumps(receipt_signer().jwk))
    given.write_text(json.dumps(cases))
    done = run(need("node"), INTEGRATORS / "node" / "cose.mjs", key, given)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_every_entry_and_size_is_proved_to_it_and_nothing_else(tmp_path: Path) -> None:
    cases: list[dict[str, Any]] = []
    expected: list[str] = []
    for index, entry in enumerate(ENTRIES):
        receipt = format_inclusion(SIGNED, SIZE, index, naive.inclusion(index, LEAVES))
        cases.append({"receipt": receipt.hex(), "entry": entry.hex()})
        expected.append(f"ok entry {index} of {SIZE}, {ORIGIN}")
        cases.append({"receipt": receipt.hex(), "entry": b"another".hex()})
        expected.append("refused signature")
    for first in range(1, SIZE):
        receipt = format_consistency(SIGNED, first, SIZE, naive.consistency(first, LEAVES))
        cases.append({"receipt": receipt.hex(), "root": naive.root(LEAVES[:first]).hex()})
        expected.append(f"ok size {SIZE} continues {first}, {ORIGIN}")
        bent = bytearray(receipt)
        bent[-1] ^= 1
        cases.append({"receipt": bent.hex(), "root": naive.root(LEAVES[:first]).hex()})
        expected.append("refused signature")
    assert verdicts(tmp_path, cases) == expected
