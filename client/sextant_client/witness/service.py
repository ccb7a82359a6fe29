"""What a witness answers: cosignatures for continuations, and the refusals of C2SP tlog-witness.

Responsible for the order: judge and remember durably, then sign, then answer. Not responsible for
HTTP (`witness.http`). If the process stops after remembering, the log asks again, is told the size
that is held, and gets the same head signed.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from sextant_client.witness.http import HttpAnswer, HttpRequest
from sextant_client.witness.memory import KnownHead, Memory
from sextant_shared.clock import Clock, timestamp_s
from sextant_shared.crypto.signing import Signer
from sextant_shared.encoding import b64
from sextant_shared.errors import Code, PlatformError
from sextant_shared.merkle.notes import (
    VerifierKey,
    format_signatures,
    format_vkey,
    parse_checkpoint_body,
    parse_note,
)
from sextant_shared.protocol.cosignatures import cosign
from sextant_shared.protocol.witnessing import (
    NOT_FOUND,
    OK,
    SIZE_TYPE,
    AddCheckpoint,
    KnownLogs,
    Refused,
    format_size,
    judge_request,
    origin_of,
    parse_add_checkpoint,
)

TEXT = "text/plain; charset=utf-8"
_STATUS = {Code.MALFORMED: 400, Code.TOO_LARGE: 413, Code.UNAVAILABLE: 503}
Step = Callable[[str], None]


@dataclass(frozen=True)
class CosigningKey:
    """A key of the witness: what others pin, and what signs."""

    key: VerifierKey
    signer: Signer


class Witness:
    """A witness at work. Blocks for a durable write and its signatures; safe from threads."""

    def __init__(
        self,
        *,
        keys: Sequence[CosigningKey],
        logs: KnownLogs,
        memory: Memory,
        clock: Clock,
        say: Callable[[str], None] = lambda _: None,
        step: Step = lambda _: None,
    ) -> None:
        self._keys = keys
        self._logs = logs
        self._memory = memory
        self._clock = clock
        self._say = say
        self._step = step

    def answer(self, request: HttpRequest) -> HttpAnswer:
        """Answer one request; every refusal is an answer too."""
        try:
            if request.method == "POST" and request.path == "/add-checkpoint":
                return self._add_checkpoint(request.body)
            if request.method in {"GET", "HEAD"}:
                return self._read(request.path)
        except PlatformError as error:
            self._say(f"refused  {error.detail}")
            return _text(_STATUS.get(error.code, 500), error.detail)
        known = request.path in {"/", "/healthz", "/add-checkpoint"}
        return _text(405 if known else NOT_FOUND, "no such resource")

    def _add_checkpoint(self, body: bytes) -> HttpAnswer:
        request = parse_add_checkpoint(body)
        origin = origin_of(request)
        judge = partial(judge_request, request, self._logs)
        decided = self._memory.decide(origin, judge, self._clock())
        if isinstance(decided, Refused):
            return self._refuse(request, body, decided)
        self._step("witness.after_persist")
        lines = self._cosign(decided)
        self._step("witness.after_sign")
        self._say(f"cosigned {origin} size {decided.body.size}")
        return HttpAnswer(OK, TEXT, lines.encode())

    def _refuse(self, request: AddCheckpoint, raw: bytes, refused: Refused) -> HttpAnswer:
        if refused.held is not None:
            return HttpAnswer(refused.status, SIZE_TYPE, format_size(refused.held))
        if refused.is_evidence:
            body = parse_checkpoint_body(parse_note(request.checkpoint).text)
            self._memory.keep_evidence(body, refused.detail, raw.decode(), self._clock())
        self._say(f"refused  {origin_of(request)}: {refused.status} {refused.detail}")
        return _text(refused.status, refused.detail)

    def _cosign(self, head: KnownHead) -> str:
        return format_signatures(
            [cosign(each.key, each.signer, head.body, head.time) for each in self._keys]
        )

    def _read(self, path: str) -> HttpAnswer:
        if path == "/":
            return HttpAnswer(OK, TEXT, self._page().encode())
        if path == "/healthz":
            return _text(OK, "ok")
        for origin in self._logs:
            if path == f"/{hashlib.sha256(origin.encode()).hexdigest()}/checkpoint":
                head = self._memory.head(origin)
                if head is not None:
                    return HttpAnswer(OK, TEXT, (head.checkpoint + self._cosign(head)).encode())
        return _text(NOT_FOUND, "no such resource")

    def _page(self) -> str:
        """Return what this witness is and holds, for people."""
        lines = [f"A witness of transparency logs: {self._keys[0].key.name}", ""]
        lines += [f"key  {format_vkey(each.key)}" for each in self._keys]
        heads = {head.body.origin: head for head in self._memory.heads()}
        for origin in sorted(self._logs):
            head = heads.get(origin)
            found = (
                f"size {head.body.size}  root {b64(head.body.root)}  {timestamp_s(head.time)}"
                if head
                else "nothing cosigned yet"
            )
            lines += ["", f"log  {origin}", f"     {found}"]
        lines += ["", f"signed heads that were refused and kept: {len(self._memory.evidence())}"]
        return "\n".join([*lines, ""])


def _text(status: int, text: str) -> HttpAnswer:
    return HttpAnswer(status, TEXT, f"{text}\n".encode())
