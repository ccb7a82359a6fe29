"""Hears of deliveries as they come: server-sent events where they get through, else the long poll.

Responsible for streams that end, break or never begin; a delivery is given once and in order. Not
responsible for what is in it: the caller fetches and verifies, and says how far it came.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sextant_client.session import Session
from sextant_shared.encoding import parse_json
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.exchange import Delivery, DeliveryPage
from sextant_shared.models.strict import read_model

EVENTS, MAILBOX = "/v1/mailbox/events", "/v1/mailbox"
EVENT_STREAM = "text/event-stream"
MAX_EVENT_BYTES = 65_536
POLL_S = 20
PAUSE_S = 2.0  # before a stream is opened again; the exchange may say another
PAUSE_CAP_S = 60.0
_TRIES = 2  # streams that never brought anything before the long poll takes over for good
_PASSING = (Code.UNAVAILABLE, Code.RATE, Code.AUTH)  # a token that ran out is fetched afresh
_ABSENT = (Code.NOT_FOUND, Code.MALFORMED, Code.FORBIDDEN)  # an exchange or a proxy without streams


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream; without a name it is a beat, or only says how long to pause."""

    name: str = ""
    data: str = ""
    retry_s: float | None = None


def read_events(lines: Iterable[str]) -> Iterator[Event]:
    """Yield the events in the lines of a stream (HTML Living Standard §9.2.6), beats too."""
    name, data, retry_s = "", [], None
    for line in lines:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif field == "retry" and value.isascii() and value.isdigit():
            retry_s = int(value) / 1000
        elif not line:
            yield Event(name if data else "", "\n".join(data), retry_s)
            name, data, retry_s = "", [], None


class Listener:
    """Gives deliveries after `after`, for `limit_s` seconds or for ever."""

    def __init__(
        self,
        session: Session,
        after: int,
        *,
        limit_s: float | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._session = session
        self._after = after
        self._deadline = None if limit_s is None else time.monotonic() + limit_s
        self._sleep = sleep
        self._told_s = self._pause_s = PAUSE_S
        self._in_vain = 0

    def __iter__(self) -> Iterator[Delivery]:
        """Yield each delivery once, in order.

        Raises:
            PlatformError: a refusal that waiting does not mend.
        """
        while not self._is_over():
            try:
                yield from self._polled() if self._in_vain >= _TRIES else self._streamed()
            except PlatformError as error:
                if error.code in _ABSENT and self._in_vain < _TRIES:
                    self._in_vain = _TRIES
                    continue
                if error.code not in _PASSING or (error.code is Code.AUTH and self._in_vain):
                    raise
                self._in_vain += 1
                self._rest(error.retry_after_s)

    def _streamed(self) -> Iterator[Delivery]:
        params = {"after": self._after}
        with self._session.stream(EVENTS, params=params, accept=EVENT_STREAM) as answer:
            if not answer.headers.get("content-type", "").startswith(EVENT_STREAM):
                self._in_vain = _TRIES
                return
            for event in read_events(answer.iter_lines()):
                self._in_vain = 0
                if event.retry_s is not None:
                    self._told_s = event.retry_s
                self._pause_s = self._told_s
                if event.name == "delivery":
                    members = parse_json(event.data.encode(), max_bytes=MAX_EVENT_BYTES)
                    yield from self._fresh([read_model(Delivery, members)])
                if event.name == "end" or self._is_over():
                    return
        self._in_vain += 1  # it broke off
        self._rest(None)

    def _polled(self) -> Iterator[Delivery]:
        left = POLL_S if self._deadline is None else self._deadline - time.monotonic()
        params = {"after": self._after, "limit": 50, "wait": int(max(0, min(POLL_S, left)))}
        answer = self._session.request("GET", MAILBOX, params=params)
        page = read_model(DeliveryPage, answer.json())
        yield from self._fresh(page.items)

    def _fresh(self, deliveries: Iterable[Delivery]) -> Iterator[Delivery]:
        for delivery in deliveries:
            if delivery.seq > self._after:
                self._after = delivery.seq
                yield delivery

    def _is_over(self) -> bool:
        return self._deadline is not None and time.monotonic() >= self._deadline

    def _rest(self, asked_s: int | None) -> None:
        """Pause before the next try, longer each time, spread so that not all come together."""
        spread = random.uniform(0.5, 1.0)  # noqa: S311 -- spreads load, no secret
        self._sleep(max(self._pause_s * spread, float(asked_s or 0)))
        self._pause_s = min(PAUSE_CAP_S, 2 * self._pause_s)
