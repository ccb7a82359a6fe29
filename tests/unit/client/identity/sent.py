"""An envelope of NA-XAL in a log in memory, its keys over time, and what NA-XAL says of it."""

import io

from sextant_client.identity.judging import Judged, judge
from sextant_shared.clock import timestamp_ms, timestamp_s
from sextant_shared.crypto.signing import Signer
from sextant_shared.encoding import b64u, sha256
from sextant_shared.models.entries import PartyStatementEntry
from sextant_shared.models.statements import LoggedStatement, Says, Statement, StatementList
from sextant_shared.protocol.manifest import Manifest, read_manifest
from sextant_shared.protocol.receipts import format_custody, verify_custody
from sextant_shared.protocol.statements import sign_statement
from tests.support.envelopes import make_container
from tests.support.histories import Life
from tests.support.logs import make_accepted, random128

DAY = 86_400.0


class Sent:
    """One envelope of NA-XAL in the log of its life, and what NA-XAL says of it."""

    def __init__(self, container: bytes | None = None) -> None:
        self.life = Life()
        self.kids = [half.kid for half in self.life.keys.sig]
        self.container = container or make_container()
        self.manifest: Manifest = read_manifest(io.BytesIO(self.container))
        header, reg = self.manifest.header, self.life.logged[-1][1]
        accepted = make_accepted(5, env=header.id, man=self.manifest.digest, reg=reg)
        entry = accepted.model_copy(update={"t": timestamp_ms(self.life.now)})
        self.index = self.life.log.append(entry)
        self.receipt = verify_custody(
            self.custody(), self.manifest.digest, header.id, self.life.log.keys
        )

    @property
    def leaf(self) -> bytes:
        """The bytes of its entry."""
        return self.life.log.leaves[self.index]

    def custody(self) -> bytes:
        """Return its receipt under the whole log."""
        return format_custody(self.leaf, self.life.log.proof(self.index))

    def say(
        self, says: Says, by: tuple[Signer, Signer] | None = None, **changes: str
    ) -> LoggedStatement:
        life, header = self.life, self.manifest.header
        about = {"env": header.id, "man": b64u(self.manifest.digest), "reason": "", **changes}
        statement = Statement.model_validate(
            {"v": 1, "party": "NA-XAL", "t": timestamp_s(life.now), "says": says, **about}
        )
        raw = sign_statement(statement, by or life.keys.sig)
        index = life.log.append(
            PartyStatementEntry(
                v=1,
                type="party.statement",
                id=random128(len(life.log.leaves)),
                t=timestamp_ms(life.now),
                nonce=random128(9),
                party="NA-XAL",
                doc=b64u(sha256(raw)),
                reg=life.logged[-1][1],
            )
        )
        leaf, proof = life.log.leaves[index], life.log.proof(index)
        return LoggedStatement(statement=raw.decode(), entry=b64u(leaf), proof=proof)

    def judged(self, *said: LoggedStatement) -> Judged:
        life = self.life
        listed = StatementList(statements=list(said)) if said else None
        return judge(
            self.manifest, self.receipt, life.history(), listed, life.pinned, life.log.keys
        )

    def stolen(self) -> tuple[str, ...]:
        """Revoke the pair, suspected since before the envelope; return the flags of that."""
        life = self.life
        life.rotate("sig 2")
        since = life.now - DAY
        index = life.revoke(self.kids, since)
        return tuple(
            f"key {kid[:12]}… revoked at log entry {index},"
            f" suspected from {timestamp_s(since)} (stolen)"
            for kid in self.kids
        )
