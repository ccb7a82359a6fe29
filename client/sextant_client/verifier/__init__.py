"""The offline verifier: what a file proves, by a trust file and nothing else.

`heads` gives each way to fail its class, `files` knows what kinds of files there are, and
`python -m sextant_client.verifier` is the command without the rest of `sextant`. It reaches no
network and needs cryptography and pydantic alone. Read it in this order: of sextant_shared
`merkle.proofs`, `merkle.notes`, `protocol.checkpoints`, `protocol.logproof` and
`protocol.cose_receipts`; then `heads`, `files`, and `sextant_client.verify` for bundles.
"""
