"""Asks the witnesses to cosign each published head, and knows which head has a quorum.

Responsible for the client's side of C2SP tlog-witness: all witnesses at once, each with the proof
from the size it cosigned last; a conflict is answered by one further try from the size it names.
Nothing counts that was not verified, and nothing waits for it: the log records and publishes
whatever the witnesses do.

Durable step: cosignatures are stored before they are served. If we stop before
(`audit.before_cosigned`), the witness is asked again and signs the same head again; if we stop
after (`audit.after_cosigned`), the next start finds and serves them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from sextant_audit.domain.ports import (
    CrashPoint,
    Head,
    Ledger,
    RefusedCall,
    Rows,
    StoredCosignature,
    WitnessAnswer,
    WitnessCall,
)
from sextant_audit.domain.proving import Prover
from sextant_shared.clock import Clock
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.notes import (
    CheckpointBody,
    format_signatures,
    format_vkey,
    parse_checkpoint_body,
    parse_note,
    parse_signatures,
)
from sextant_shared.models.log import WitnessReport, WitnessState
from sextant_shared.protocol.cosignatures import Cosignature, find_cosignatures
from sextant_shared.protocol.policies import Policy, PolicyWitness
from sextant_shared.protocol.witnessing import (
    CONFLICT,
    OK,
    SIZE_TYPE,
    AddCheckpoint,
    format_add_checkpoint,
    parse_size,
)

MAX_BACKOFF_S = 60.0
RECOVERED = 200  # cosigned heads looked through at the start for the newest with a quorum
Call = Callable[[WitnessCall], Awaitable[WitnessAnswer]]


@dataclass
class Endpoint:
    """One address that is asked, for all keys of the policy that stand behind it."""

    url: str
    witnesses: list[PolicyWitness]
    size: int = 0  # of the newest head it cosigned, as far as we know
    signed_time: float = -1.0  # when that head was signed by the log: a fresh one is asked for
    fault: str = ""
    failures: int = 0
    next_try: float = 0.0


@dataclass(frozen=True, slots=True)
class CosignedHead:
    """A published head with the cosignatures that are known of it."""

    size: int
    checkpoint: str


class _RefusedError(Exception):
    def __init__(self, detail: str, status: int = 0) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status


@dataclass
class Witnessing:
    """The witnesses of a log. Owned by the event loop."""

    policy: Policy
    call: Call
    ledger: Ledger
    prover: Prover
    clock: Clock
    interval_s: float
    crash_point: CrashPoint = lambda _: None
    witnessed: CosignedHead | None = None
    _head: Head | None = None
    _lines: dict[int, dict[str, StoredCosignature]] = field(default_factory=dict)
    _newest: dict[str, tuple[StoredCosignature, str]] = field(default_factory=dict)
    _offered: asyncio.Event = field(default_factory=asyncio.Event)
    _endpoints: list[Endpoint] = field(default_factory=list)

    def __post_init__(self) -> None:
        by_url: dict[str, Endpoint] = {}
        for witness in self.policy.witnesses:
            if witness.url:
                found = by_url.setdefault(witness.url, Endpoint(witness.url, []))
                found.witnesses.append(witness)
        self._endpoints = list(by_url.values())

    async def recover(self) -> None:
        """Find the newest head with a quorum, and what each witness cosigned last.

        A stored line that does not hold any more is left out, and its witness is asked again: a
        damaged row must not keep the log from its start, nor be served.
        """
        newest, cosigned = await self.ledger.read(_stored_cosignatures)
        sizes = {_name(each): each.size for note, each in newest if self._holds(note, each)}
        damaged = {_name(each) for _, each in newest} - set(sizes)
        for endpoint in self._endpoints:
            keys = [_key(witness) for witness in endpoint.witnesses]
            endpoint.size = max((sizes.get(key, 0) for key in keys), default=0)
            if damaged & set(keys):
                endpoint.fault = "its stored cosignature does not hold"
        for note, cosignatures in reversed(cosigned):
            self._learn(note, [each for each in cosignatures if self._holds(note, each)])

    def _holds(self, note: str, stored: StoredCosignature) -> bool:
        """Whether a stored line still is what its row says and, of a known key, still verifies."""
        try:
            body = parse_checkpoint_body(parse_note(note).text)
            lines = parse_signatures(stored.line)
            found = find_cosignatures(self.policy.cosigners, body, lines)
        except PlatformError:
            return False
        known = {_key(witness) for witness in self.policy.witnesses}
        return body.size == stored.size and (
            _name(stored) not in known or [_stored(body.size, each) for each in found] == [stored]
        )

    def published(self, head: Head) -> None:
        """Take note of a head that is published now."""
        self._head = head
        self._offered.set()

    def cosigned(self, head: Head) -> str:
        """Return a head's checkpoint with the newest cosignature of each known key."""
        found = self._lines.get(head.size)
        if not found:
            return head.checkpoint
        return head.checkpoint + "".join(each.line for each in found.values())

    def report(self) -> WitnessReport:
        """Return what is known of each witness."""
        size = self._head.size if self._head else 0
        faults = {w.name: e.fault for e in self._endpoints for w in e.witnesses}
        return WitnessReport(
            size=size,
            witnessed_size=self.witnessed.size if self.witnessed else 0,
            quorum=self.policy.quorum,
            witnesses=[self._state(witness, size, faults) for witness in self.policy.witnesses],
        )

    async def run(self) -> None:
        """Ask for ever: after each publication, and again for witnesses that are behind."""
        while True:
            await self.round()
            await asyncio.sleep(self.interval_s)
            if not self._behind():
                await self._offered.wait()

    async def round(self) -> None:
        """Ask every witness that is behind and due, at once; store and serve what they signed."""
        self._offered.clear()
        head = self._head
        if head is None:
            return
        now = self.clock()
        due = [e for e in self._endpoints if self._is_behind(e, head) and now >= e.next_try]
        found = await asyncio.gather(*(self._ask(endpoint, head) for endpoint in due))
        cosignatures = [each for group in found for each in group]
        if not cosignatures:
            return
        self.crash_point("audit.before_cosigned")
        try:
            await self.ledger.write(lambda rows: rows.add_cosignatures(cosignatures))
        except PlatformError:
            for endpoint in due:
                endpoint.signed_time = -1.0  # nothing is served that is not stored: ask again
            return
        self.crash_point("audit.after_cosigned")
        self._learn(head.checkpoint, cosignatures)

    def _behind(self) -> bool:
        return self._head is not None and any(
            self._is_behind(endpoint, self._head) for endpoint in self._endpoints
        )

    @staticmethod
    def _is_behind(endpoint: Endpoint, head: Head) -> bool:
        return endpoint.size < head.size or endpoint.signed_time < head.time

    async def _ask(self, endpoint: Endpoint, head: Head) -> list[StoredCosignature]:
        """Return the verified cosignatures of one witness; a failure is kept, never raised."""
        try:
            found = await self._cosignatures(endpoint, head)
        except _RefusedError as error:
            await self._failed(endpoint, head, error.detail, error.status)
            return []
        except PlatformError as error:
            await self._failed(endpoint, head, error.detail, 0)
            return []
        endpoint.size, endpoint.signed_time = head.size, head.time
        endpoint.fault, endpoint.failures, endpoint.next_try = "", 0, 0.0
        return found

    async def _cosignatures(self, endpoint: Endpoint, head: Head) -> list[StoredCosignature]:
        for is_last in (False, True):
            body = format_add_checkpoint(await self._request(endpoint.size, head))
            lag = head.size - endpoint.size
            name = endpoint.witnesses[0].cosigner.key.name
            answer = await self.call(WitnessCall(name, endpoint.url, body, lag))
            if answer.status == OK:
                return self._verified(head, answer.body)
            if answer.status != CONFLICT or answer.content_type != SIZE_TYPE or is_last:
                text = answer.body[:200].decode("utf-8", "replace").strip()
                raise _RefusedError(f"answered {answer.status}: {text}", answer.status)
            self._adopt(endpoint, parse_size(answer.body), head)
        raise _RefusedError("does not keep to a size")

    def _adopt(self, endpoint: Endpoint, size: int, head: Head) -> None:
        if size > head.size:
            raise _RefusedError(f"holds size {size}, which this log never published", CONFLICT)
        if size < endpoint.size:
            raise _RefusedError(
                f"holds size {size} and cosigned size {endpoint.size} before", CONFLICT
            )
        endpoint.size = size

    async def _request(self, old: int, head: Head) -> AddCheckpoint:
        path = await self.prover.consistency(old, head.size) if 0 < old < head.size else []
        return AddCheckpoint(old, tuple(path), head.checkpoint)

    def _verified(self, head: Head, answer: bytes) -> list[StoredCosignature]:
        """Return the lines that hold; lines of unknown keys are ignored.

        Raises:
            PlatformError: `E_SIGNATURE` for a line of a known key that does not hold.
        """
        try:
            lines = parse_signatures(answer.decode("utf-8"))
        except UnicodeDecodeError as error:
            raise _RefusedError("answered with what is no text") from error
        body = CheckpointBody(_origin(head), head.size, head.root)
        found = find_cosignatures(self.policy.cosigners, body, lines)
        if not found:
            raise _RefusedError("answered without a cosignature by a key of the policy")
        return [_stored(head.size, cosignature) for cosignature in found]

    async def _failed(self, endpoint: Endpoint, head: Head, detail: str, status: int) -> None:
        endpoint.failures += 1
        wait_s = self.interval_s * 2 ** min(endpoint.failures, 10)
        endpoint.next_try = self.clock() + min(MAX_BACKOFF_S, wait_s)
        is_news = detail != endpoint.fault
        endpoint.fault = detail
        if not is_news:
            return
        try:
            request = format_add_checkpoint(await self._request(endpoint.size, head)).decode()
            refused = RefusedCall(
                int(self.clock()), endpoint.url, status, head.size, endpoint.size, detail, request
            )
            await self.ledger.write(lambda rows: rows.add_refused_call(refused))
        except PlatformError:
            endpoint.fault = ""  # it is news again next time

    def _learn(self, checkpoint: str, cosignatures: Sequence[StoredCosignature]) -> None:
        """Serve stored cosignatures, and see whether their head has a quorum now."""
        if not cosignatures:
            return
        size = cosignatures[0].size
        lines = self._lines.setdefault(size, {})
        known = {_key(witness) for witness in self.policy.witnesses}
        for each in cosignatures:
            if (each.name, each.key_id) in known:
                lines[f"{each.name}+{each.key_id}"] = each
                self._remember(each, checkpoint)
        for old in [s for s in self._lines if s < size and s != size]:
            del self._lines[old]
        text = checkpoint + "".join(each.line for each in lines.values())
        if self.policy.judge(text).is_met:
            self.witnessed = CosignedHead(size, text)

    def _remember(self, each: StoredCosignature, checkpoint: str) -> None:
        name = f"{each.name}+{each.key_id}"
        before = self._newest.get(name)
        if before is None or (before[0].size, before[0].time) <= (each.size, each.time):
            self._newest[name] = (each, checkpoint + each.line)

    def _state(self, witness: PolicyWitness, size: int, faults: dict[str, str]) -> WitnessState:
        key = witness.cosigner.key
        each, checkpoint = self._newest.get(f"{key.name}+{key.key_id.hex()}", (None, None))
        return WitnessState(
            name=witness.name,
            key=format_vkey(key),
            size=each.size if each else 0,
            time=each.time if each else None,
            lag=size - (each.size if each else 0),
            fault=faults.get(witness.name, "has no address here"),
            checkpoint=checkpoint,
        )


def require_same_log(policy: Policy, vkeys: Sequence[str]) -> None:
    """Return if the policy names this log, or no log at all.

    Raises:
        PlatformError: `E_POLICY` when it is written for other logs only.
    """
    named = [format_vkey(log.key) for log in policy.logs]
    if named and not set(named) & set(vkeys):
        raise PlatformError(
            Code.POLICY,
            "the witness policy is for other logs",
            expected=vkeys[0],
            received=named[0][:120],
            fix="Put this log's verifier keys into its log lines, or leave them out.",
        )


def _stored_cosignatures(
    rows: Rows,
) -> tuple[list[tuple[str, StoredCosignature]], list[tuple[str, list[StoredCosignature]]]]:
    """Return each key's newest cosignature with its checkpoint, and the newest cosigned heads."""
    newest = rows.newest_cosignatures()
    notes = {
        head.size: head.note for each in newest for head in rows.heads(each.size - 1, each.size)
    }
    return [(notes.get(each.size, ""), each) for each in newest], rows.cosigned(RECOVERED)


def _name(cosignature: StoredCosignature) -> tuple[str, str]:
    return cosignature.name, cosignature.key_id


def _key(witness: PolicyWitness) -> tuple[str, str]:
    key = witness.cosigner.key
    return key.name, key.key_id.hex()


def _origin(head: Head) -> str:
    return parse_checkpoint_body(parse_note(head.checkpoint).text).origin


def _stored(size: int, cosignature: Cosignature) -> StoredCosignature:
    key = cosignature.key
    line = format_signatures([cosignature.line])
    return StoredCosignature(size, key.name, key.key_id.hex(), cosignature.time, line)
