"""`make bench`: prints what this machine does, bounded, on loopback.

`python -m bench deposits`, `waiters`, `signer` or `identity` prints that part alone. `make bench`
leaves out
`python -m bench several`, which needs a PostgreSQL server (of the system, or fetched) and is
`make bench DATABASE=postgresql`,
`python -m bench flat [COUNT]`, which deposits for minutes and prints the services' memory,
`python -m bench growth [LARGEST]`, which makes a log of a million entries unless told, and one of
300,000 for its memory (`growth memory` alone prints that),
`python -m bench fsck [COUNT]`, which makes a copy of one and checks it, and `python -m bench
transfers` and `quality transfers`, which make a world of 190 States and 20 years.
"""

import asyncio
import os
import platform
import sys
import time
from collections.abc import Sequence

from bench import flat, fsck, growth, identity, quality_page, several, transfers, waiters
from bench.audit import measure_append
from bench.checking import TIMES, measure_checks, table_of
from bench.crypto import measure_crypto
from bench.deposits import DepositReport, measure_deposits
from bench.importing import measure_imports
from bench.loading import measure_loading
from bench.parts import measure_parts
from bench.signer import SignerReport, measure_signer
from bench.world import PLAN, measure_world


def main() -> None:
    """Measure and print everything."""
    print(
        f"machine: {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    )
    print("\nseal, check, open (CPU µs)")
    print(f"{'profile':<8}{'content':<9}{'bytes':>12}{'seal':>10}{'check':>9}{'open':>10}")
    for row in measure_crypto():
        print(
            f"{row.profile:<8}{row.size:<9}{row.total_bytes:>12,}"
            f"{row.seal_us:>10,.0f}{row.check_us:>9,.0f}{row.open_us:>10,.0f}"
        )
    rate, cpu_us = asyncio.run(measure_append())
    print(f"\nlog: {rate:,.0f} entries/s in batches of 256, {cpu_us:.0f} CPU µs an entry")
    _print_signer(measure_signer())
    world = measure_world()
    print(
        f"\nmade-up world of {PLAN.states} States, {PLAN.years} years: truth {world.truth_s:.1f} s,"
    )
    print(f"{world.documents:,} declarations ({world.size_bytes:,} bytes), ", end="")
    print(f"{world.per_second:,.0f}/s in one process")
    print("\naggregate data of 1,000 chemicals with 60 partners each, imported and checked")
    print(f"{'format':<8}{'rows':>8}{'read/s':>9}{'µs a row':>10}{'check/s':>9}", end="")
    print(f"{'µs a row':>10}{'peak MB':>9}")
    for one in measure_imports():
        print(f"{one.form:<8}{one.rows:>8,}{one.rows / one.read_s:>9,.0f}", end="")
        print(f"{1e6 * one.read_s / one.rows:>10.0f}{one.rows / one.check_s:>9,.0f}", end="")
        print(f"{1e6 * one.check_s / one.rows:>10.0f}{one.peak_bytes / 1e6:>9.0f}")
    print(
        f"\none check by the rules, alone and beside one State's filings (CPU µs, best of {TIMES})"
    )
    print("\n".join(table_of(measure_checks())))
    print("\nworlds loaded through the platform, as their parties (declarations)")
    print(f"{'States at once':>14}{'count':>7}{'per s':>8}")
    for load in measure_loading():
        print(f"{load.jobs:>14}{load.documents:>7}{load.per_second:>8.1f}")
    _print_waiters((1000,))
    _print_deposits(measure_deposits())


def _print_signer(report: SignerReport) -> None:
    print(f"\none signed head, {report.heads} of them")
    for name, cost in (
        ("in the log's process", report.inside),
        ("by a signer apart", report.apart),
    ):
        print(f"  {name:<21} {cost.wall_us:>7,.0f} µs (median), {cost.cpu_us:>6,.0f} CPU µs")


def _print_waiters(counts: Sequence[int]) -> None:
    print("\ncallers that wait for news at one exchange (growth of its resident memory)")
    print("\n".join(waiters.table_of(waiters.measure_waiters(counts))))


def _print_deposits(report: DepositReport) -> None:
    print("\ndeposits of 8 KiB, tracing sampled at 10 % (CPU ms per deposit)")
    print(f"{'senders':>7}{'count':>7}{'per s':>8}{'p50 ms':>8}{'p99 ms':>8}", end="")
    print("".join(f"{name:>11}" for name in report.rows[0].cpu_ms))
    for row in report.rows:
        line = f"{row.senders:>7}{row.count:>7}{row.per_second:>8.0f}"
        line += f"{row.p50_ms:>8.1f}{row.p99_ms:>8.1f}"
        print(line + "".join(f"{value:>11.2f}" for value in row.cpu_ms.values()))
    floor = report.floor
    print(
        f"\nfloor (CPU µs): a server that does no more {floor.together_us:.0f}; its parts alone:"
        f" two signatures {floor.signatures_us:.0f} + SHA-256 {floor.digest_us:.0f}"
        f" + bare POST {floor.post_us:.0f} + commit share {floor.commit_us:.0f}"
        f" = {floor.sum_us:.0f}"
    )
    print(f"floor ÷ actual at 64 senders: {report.ratio:.2f} (exchange alone), ", end="")
    print(f"{report.ratio_with_log:.2f} (with the log), {report.ratio_of_sum:.2f} (sum of parts)")
    print("where the rest goes (CPU µs, measured alone):")
    for name, cost in measure_parts():
        print(f"  {cost:>7.0f}  {name}")


if __name__ == "__main__":
    started = time.monotonic()
    parts = {
        "deposits": lambda: _print_deposits(measure_deposits()),
        "identity": lambda: print(identity.write_identity()),
        "quality": lambda: print(quality_page.write_quality()),
        "signer": lambda: _print_signer(measure_signer()),
        "waiters": lambda: _print_waiters(waiters.COUNTS),
    }
    if sys.argv[1:2] == ["fsck"]:
        fsck.print_fsck(int(sys.argv[2]) if sys.argv[2:] else fsck.COUNT)
    elif sys.argv[1:2] == ["flat"]:
        flat.print_flat(int(sys.argv[2]) if sys.argv[2:] else flat.COUNT)
    elif sys.argv[1:] == ["growth", "memory"]:
        growth.print_memory()
    elif sys.argv[1:2] == ["growth"]:
        growth.print_growth(int(sys.argv[2]) if sys.argv[2:] else growth.SIZES[-1])
    elif sys.argv[1:] == ["quality", "transfers"]:
        transfers.print_quality()
    elif sys.argv[1:] == ["several"]:
        several.print_several()
    elif sys.argv[1:] == ["transfers"]:
        transfers.print_times()
    else:
        parts.get("".join(sys.argv[1:]), main)()
    print(f"\n{time.monotonic() - started:.0f} s")
