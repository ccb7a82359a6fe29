"""Networks that swallow, reset and lose: rules of nftables in a network namespace of our own."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from tests.faults.grounds import Grounds
from tests.faults.leg import Fault, Leg
from tests.faults.machinery import command

TABLE = "inet faults"


def rules(ports: Sequence[int], what: str, *, both_ways: bool) -> list[str]:
    """Return the rules that do something to all packets of these services."""
    among = f"{{ {', '.join(map(str, ports))} }}"
    sides = ("dport", "sport") if both_ways else ("dport",)
    return [f"tcp {side} {among} {what}" for side in sides]


def of(*names: str) -> Callable[[Grounds], Sequence[int]]:
    """Return what looks up the ports of services."""
    return lambda grounds: [grounds.process(name).port for name in names]


def tampered(at: Callable[[Grounds], Sequence[int]], what: str, *, both_ways: bool = True) -> Fault:
    """Return the fault that does something to all packets at some ports."""

    @contextmanager
    def fault(grounds: Grounds) -> Iterator[None]:
        command("nft", f"add table {TABLE}")
        try:
            chain = "{ type filter hook input priority 0; }"
            command("nft", f"add chain {TABLE} traffic {chain}")
            for rule in rules(at(grounds), what, both_ways=both_ways):
                command("nft", f"add rule {TABLE} traffic {rule}")
            yield
        finally:
            command("nft", f"delete table {TABLE}")

    return fault


LEGS = (
    Leg(
        name="partition-log",
        does="no packet passes to or from the log for 6 s",
        fault=tampered(of("audit"), "drop"),
        holds_s=6.0,
        needs=("nft",),
    ),
    Leg(
        name="partition-exchange",
        does="no packet passes to or from the exchange for 6 s: States and Secretariat are alone",
        fault=tampered(of("exchange"), "drop"),
        holds_s=6.0,
        needs=("nft",),
    ),
    Leg(
        name="reset",
        does="every packet to exchange and log is answered with a reset for 4 s",
        fault=tampered(of("exchange", "audit"), "reject with tcp reset", both_ways=False),
        needs=("nft",),
    ),
    Leg(
        name="loss",
        does="one packet of five to and from exchange and log is lost for 8 s",
        fault=tampered(of("exchange", "audit"), "numgen random mod 100 < 20 drop"),
        holds_s=8.0,
        needs=("nft",),
    ),
)
