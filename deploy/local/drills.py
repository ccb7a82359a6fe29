"""The generated page of the sandbox and its drills."""

from sextant_client.retrying import MAX_ATTEMPTS, MAX_RETRY_AFTER_S
from sextant_shared.protocol.scenarios import HEADER, TABLE

NOTE = "Generated from the code by `make docs-tables`; do not edit.\n"
_INTRO = f"""\
The sandbox is the product: the same program, with synthetic States, and with drills switched on.
`make run` starts one on this machine. A drill makes a real deposit meet what rarely happens by
itself, so that whoever writes a client sees it before it counts.

A deposit (`POST /v1/envelopes`) asks for a drill by the header `{HEADER}`. The caller proves itself
first, as always. Every refusal of a drill begins with «drill:» and leaves nothing in the log.
"""
_OFF = """\
## Where drills are off

`SEXTANT_EXCHANGE_SCENARIOS` is off by default, and an exchange with it does not start together with
`SEXTANT_EXCHANGE_ENVIRONMENT=production`. Every service refuses the header where there is no drill,
and does nothing else with the request: nobody may believe in a drill that did not take place.

| asked | answer |
| --- | --- |
| of a service without drills | 422 `E_POLICY` |
| an unknown name, or two names | 400 `E_MALFORMED`, with the names there are |
| of anything but a deposit in one request | 400 `E_MALFORMED` |

`sextant doctor` says in its last line whether an exchange has drills.
"""
_TRY = f"""\
## Try them

Before the command: `sextant --scenario NAME submit FILE`, or `SEXTANT_SCENARIO`; in Python
`Client(home, scenario="lost-answer")`. With a drill the client sends any container in one request.
From other languages: add the header. The client says on standard error that it is a drill.

A lost answer costs nothing: the same bytes are sent again, and the receipt is that of the first.

```
$ sextant --scenario lost-answer submit examples/NA-XAL/s2-and-2025.json
Drill: lost-answer. Only a sandbox takes deposits with it.
RECEIPT  01a222ea-…  log entry 4  2026-11-28T16:08:20.573Z (the same receipt as before)
```

An exchange that says 503 or 429 is asked {MAX_ATTEMPTS} times, never sooner than `Retry-After`
says; told to come back in more than {MAX_RETRY_AFTER_S} s, the client does not wait but says so.

```
$ sextant --scenario rate submit examples/NA-XAL/s2-and-2025.json
E_RATE: drill: the share is used up; nothing was taken in (tried {MAX_ATTEMPTS} times)
  fix: Nothing is lost. Run the command again in 1 s or later; what was sealed is sent by …
```

A refusal for the clock comes with the difference that the client measured by `Date`. In the drill
it is the true one, so a right clock is not blamed.

```
$ sextant --scenario clock-skew submit examples/NA-XAL/s2-and-2025.json
E_CLOCK: drill: created is too far from the clock of the exchange; nothing was taken in
  expected: a time near Date
  received: this machine's clock is +1 s from the server's
  fix: This machine's clock is right now: seal again under a new id.
```

What a drill refused lies sealed in the home: without the drill, `sextant submit --resume` sends it.
"""


def sandbox_page() -> str:
    """Return the page of drills."""
    lines = ["# Sandbox", "", NOTE, *_INTRO.splitlines(), ""]
    lines += ["| drill | the exchange | answer | taken in | a good client |"]
    lines += ["| --- | --- | --- | --- | --- |"]
    for scenario, drill in TABLE.items():
        stored = "yes, once" if drill.is_stored else "no"
        lines.append(
            f"| `{scenario}` | {drill.does} | {drill.answer} | {stored} | {drill.client} |"
        )
    return "\n".join([*lines, "", *_OFF.splitlines(), "", *_TRY.splitlines()]) + "\n"
