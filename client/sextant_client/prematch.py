"""The blind pre-match, on the State's side: which rows to ask about, and what was said of them.

An ask is about a version that the Secretariat has registered, and has no figure: it names rows by
chemical, direction and partner. What it is answered with are three words.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sextant_client.received import Received
from sextant_client.sent import SentEnvelope
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.declaration import read_declaration
from sextant_shared.models.declaration.national import S2And, S3And
from sextant_shared.models.declaration.schedule1 import S1TransferAnnual
from sextant_shared.models.messages import read_message
from sextant_shared.models.prematch import MAX_ROWS, PrematchReply, PrematchRequest
from sextant_shared.rules.figures import key as key_of

ASK, ANSWER = "prematch.request", "prematch.reply"
KINDS = ("S1_TRANSFER_ANNUAL", "S2_AND", "S3_AND")
_SENT = {"SENT": "export", "RECEIVED": "import"}


@dataclass(frozen=True, slots=True, order=True)
class AskedRow:
    """One row: by chemical, partner and direction."""

    chemical: str
    partner: str
    direction: str


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of one row; `word` is an outcome, or why there is none."""

    request: str
    declaration_id: str
    version: int
    row: AskedRow
    word: str


def ask_about(
    document: dict[str, Any],
    number: str,
    *,
    chemical: str | None = None,
    partner: str | None = None,
) -> dict[str, Any]:
    """Return the content of an ask about the rows of a declaration, or those that are named.

    Raises:
        PlatformError: `E_POLICY` for a kind without transfers; `E_NOT_FOUND` when no row is left;
            `E_TOO_LARGE` for more rows than one ask may have.
    """
    declaration = read_declaration(document)
    rows = sorted(
        row
        for row in set(_rows(declaration))
        if chemical in (None, row.chemical) and partner in (None, row.partner)
    )
    if not rows:
        raise PlatformError(
            Code.NOT_FOUND,
            "no row of the declaration is to be asked about",
            expected="a row with this chemical and partner",
            received=f"{chemical or 'any chemical'}, {partner or 'any partner'}",
            fix="Leave out --chemical and --partner to ask about all rows.",
        )
    if len(rows) > MAX_ROWS:
        raise PlatformError(
            Code.TOO_LARGE,
            "one ask has not so many rows",
            expected=f"at most {MAX_ROWS} rows",
            received=f"{len(rows)} rows",
            fix="Ask by --partner or --chemical, in several asks.",
        )
    return {
        "v": 1,
        "type": ASK,
        "request": number,
        "concerns": {
            "declaration_id": declaration.declaration_id,
            "version": declaration.version,
        },
        "rows": [
            {"n": n, "chemical": r.chemical, "direction": r.direction, "partner": r.partner}
            for n, r in enumerate(rows, 1)
        ],
    }


def said(sent: Iterable[SentEnvelope], received: Iterable[Received]) -> list[Said]:
    """Return what was said of every row that was asked about, the oldest answer first.

    An answer whose ask does not lie here, or that does not fit it, says nothing.
    """
    asked = {one.id: one for one in sent if one.container.exists() and one.header.type == ASK}
    found: list[Said] = []
    for one in received:
        if one.header.type != ANSWER or one.header.irt not in asked or one.flaw():
            continue
        ask = read_message(ASK, asked[one.header.irt].content.read_bytes())
        reply = read_message(ANSWER, one.content.read_bytes())
        if isinstance(ask, PrematchRequest) and isinstance(reply, PrematchReply):
            found += _matched(ask, reply)
    return found


def _matched(ask: PrematchRequest, reply: PrematchReply) -> Iterator[Said]:
    rows = {row.n: row for row in ask.rows}
    for answer in reply.answers:
        row = rows.get(answer.n)
        if row is not None:
            yield Said(
                request=ask.request,
                declaration_id=ask.concerns.declaration_id,
                version=ask.concerns.version,
                row=AskedRow(row.chemical, row.partner, row.direction),
                word=answer.outcome or answer.unanswered or "",
            )


def _rows(declaration: object) -> Iterator[AskedRow]:
    if isinstance(declaration, S2And | S3And):
        for record in declaration.records:
            chemical = key_of(record.chemical)
            for member, direction in (("exports", "export"), ("imports", "import")):
                for row in getattr(record, member):
                    yield AskedRow(chemical, row.state_code, direction)
    elif isinstance(declaration, S1TransferAnnual):
        for listed in declaration.records:
            chemical = key_of(listed.chemical)
            for member, direction in (("transferred", "export"), ("acquired", "import")):
                for total in getattr(listed, member):
                    yield AskedRow(chemical, total.state_code, direction)
            for one in listed.transfers:
                yield AskedRow(chemical, one.state_code, _SENT[one.direction])
    else:
        raise PlatformError(
            Code.POLICY,
            "a declaration of this kind has no transfers",
            expected=", ".join(KINDS),
            received=type(declaration).__name__,
            fix="Name the declaration with your imports and exports.",
        )
