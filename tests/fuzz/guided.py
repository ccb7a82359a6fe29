"""Fuzzes one target, guided by coverage: `python -m tests.fuzz.guided NAME SECONDS`."""

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(
    include=["sextant_shared", "sextant_client.verify", "sextant_client.verifier"]
):
    from tests.fuzz.made import seeds
    from tests.fuzz.targets import TARGETS, try_one

VAR = Path(__file__).resolve().parents[2] / "var" / "fuzz"
MAX_BYTES = 1 << 16


def fuzz(name: str, seconds: int) -> None:
    """Start from the seeds and from what earlier runs kept; the process ends with the fuzzer."""
    corpus = VAR / name
    corpus.mkdir(parents=True, exist_ok=True)
    (VAR / "broken").mkdir(exist_ok=True)
    for number, seed in enumerate(seeds()[name]):
        (corpus / f"seed-{number}").write_bytes(seed)
    options = [
        f"-max_total_time={seconds}",
        f"-max_len={MAX_BYTES}",
        f"-artifact_prefix={VAR / 'broken' / name}-",
        "-verbosity=0",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], lambda data: try_one(TARGETS[name], data))
    atheris.Fuzz()


if __name__ == "__main__":
    fuzz(sys.argv[1], int(sys.argv[2]))
