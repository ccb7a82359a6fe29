"""Makes a folder of evidence with the platform as it is.

`python -m tests.frozen.make NAME [FILE…]`, when what bundles or proofs hold changes, with a new
name: it makes the folder, of all files or of those named, and adds its lines to `digests.txt`.
A folder that is there is never made again, and no line is ever changed: they stand for what was
handed out once, and must verify for ever.
"""

import asyncio
import shutil
import sys
import tempfile
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from sextant_client.acts import recall
from sextant_client.bundle import create_bundle
from sextant_client.client import Client
from sextant_client.sent import SentEnvelope
from sextant_client.trust import Trust
from sextant_client.witness.http import HttpAnswer, HttpRequest, HttpServer
from sextant_shared.crypto.keys import Alg
from sextant_shared.models.acts import ActPage
from sextant_shared.protocol.acts import format_act
from tests.integration.declarations.contents import declaration
from tests.support.parties import S2, PartyKeys
from tests.support.platform import DECLARATION_CTY, XAL, XBO, Platform
from tests.support.platform_files import SEC
from tests.support.sdk import Desk
from tests.support.witness_service import Running
from tests.support.witnesses import witness_vkey

FOLDER = Path(__file__).resolve().parent
DIGESTS = FOLDER / "digests.txt"
XCE = "NA-XCE"
WITNESS_LIMIT_S = 30.0
_WITNESSES = {"xal": Alg.ED25519, "xal-pq": Alg.ML_DSA_44}


def policy_of(url: str = "") -> str:
    """Return a policy that asks both keys of the one witness."""
    lines = [f"witness {name} {witness_vkey('xal', alg)} {url}" for name, alg in _WITNESSES.items()]
    lines += [f"group states all {' '.join(_WITNESSES)}", "quorum states"]
    return "".join(f"{line.rstrip()}\n" for line in lines)


@dataclass
class Watch:
    """The witness over HTTP: it listens from the beginning, and signs once it is awake."""

    witness: Running | None = None
    url: str = ""

    async def handle(self, request: HttpRequest) -> HttpAnswer:
        """Answer, or say that nobody is there yet."""
        if self.witness is None:
            return HttpAnswer(503, "text/plain", b"")
        return await asyncio.to_thread(self.witness.witness.answer, request)


@dataclass
class Maker:
    """Three States that send, a log, its witness, and what is kept of it all."""

    target: Path
    work: Path
    watch: Watch = field(default_factory=Watch)

    async def make(self) -> None:
        """Make every file."""
        async with self._platform() as platform:
            self.xal = Desk.of(platform, platform.parties[XAL], self.work / "xal")
            self.xce = Desk.of(platform, platform.parties[XCE], self.work / "xce")
            early = await self._send(self.xal, platform)
            await self._bundle(self.xal, early, "logged.zip")
            self.watch.witness = Running(
                self.work / "witness", vkeys=tuple(platform.log_keys.vkeys)
            )
            await self._witnessed_ones(platform)
            (platform.audit_settings().signer_folder / "es384.json").unlink(missing_ok=True)
            await platform.restart("audit")
            late = await self._send(self.xal, platform)
            await self._bundle(self.xal, late, "no-cose.zip")
            trust = Trust.load(platform.folder / "trust.json").file
            pinned = trust.model_copy(update={"policy": policy_of()})
            (self.target / "trust.json").write_text(pinned.model_dump_json(indent=1) + "\n")

    async def _witnessed_ones(self, platform: Platform) -> None:
        single = await self._send(self.xal, platform)
        await self._keep_acknowledgement(single, platform)
        await self._bundle(self.xal, single, "single.zip", with_content=True)
        self._take_apart("single.zip")
        strong = await self._send(self.xce, platform, "XCE")
        await self._bundle(self.xce, strong, "s2.zip")
        letter = {"type_": "correspondence", "cty": "text/plain", "classification": "C1"}
        several = await self._send(self.xal, platform, **letter, to=[SEC, XBO, XCE])
        await self._bundle(self.xal, several, "several.zip")
        plan = self.work / "plan.txt"
        plan.write_text("plan\n" * 40)
        package = await self._send(self.xal, platform, attachments=[plan])
        await self._bundle(self.xal, package, "package.zip", with_content=True)
        recalled = await self._send(self.xal, platform, **letter, to=[XBO, XCE])
        await self.xal.do(lambda c: recall(c, recalled, "the wrong year", platform.clock))
        await self._bundle(self.xal, recalled, "recalled.zip")
        shutil.copy(recalled.recall_receipt, self.target / "recall.json")

    @asynccontextmanager
    async def _platform(self) -> AsyncIterator[Platform]:
        server = HttpServer(self.watch.handle)
        port = await server.start("127.0.0.1", 0)
        path = self.work / "policy.txt"
        path.write_text(policy_of(f"http://127.0.0.1:{port}"))
        audit = {"witness_policy_file": path, "witness_interval_s": 0.05}
        platform = Platform(self.work / "platform", overrides={"audit": audit})
        try:
            await platform.open()
            await platform.enrol(PartyKeys(XCE, profile=S2, kem=Alg.K2))
            yield platform
        finally:
            await platform.close()
            await server.close()

    async def _send(
        self, desk: Desk, platform: Platform, state: str = "XAL", **changes: Any
    ) -> SentEnvelope:
        """Send one envelope, wait for the answers and take them in."""
        path = self.work / "content"
        path.write_bytes(declaration(state))
        given = {"type_": "declaration.annual", "cty": DECLARATION_CTY, "classification": "C1"}

        def deposit(client: Client) -> SentEnvelope:
            sealed = client.seal(path, **{**given, **changes})
            client.deposit(sealed)
            return sealed

        envelope = await desk.do(deposit)
        await platform.settled()
        await desk.do(lambda client: list(client.collect()))
        return envelope

    async def _keep_acknowledgement(self, envelope: SentEnvelope, platform: Platform) -> None:
        """Keep the receipt that its recipient has the envelope, once the log has its entry."""
        path = f"/v1/envelopes/{XAL}/{envelope.id}/acts"

        async def write() -> bool:
            answer = await self.xal.do(lambda client: client.session.request("GET", path))
            receipts = [view.receipt for view in ActPage.model_validate(answer.json()).acts]
            for receipt in filter(None, receipts):
                (self.target / "acknowledgement.json").write_bytes(format_act(receipt))
            return any(receipts)

        await platform.until(write)

    async def _bundle(
        self, desk: Desk, envelope: SentEnvelope, name: str, *, with_content: bool = False
    ) -> None:
        def write(client: Client) -> None:
            if self.watch.witness is not None:
                replies = client.sent.replies(client.home.inbox, envelope.id)
                for each in (envelope, *replies):
                    client.witness(each, WITNESS_LIMIT_S)
            create_bundle(client, envelope.id, self.target / name, with_content=with_content)

        policy = policy_of() if self.watch.witness is not None else None
        pinned = desk.home.trust.file.model_copy(update={"policy": policy})
        (desk.home.path / "trust.json").write_text(pinned.model_dump_json())
        await desk.do(write)

    def _take_apart(self, name: str) -> None:
        """Keep the parts of a bundle as files of their own, as others hand them on."""
        with zipfile.ZipFile(self.target / name) as archive:
            for member in archive.namelist():
                folder, _, file = member.rpartition("/")
                if folder == "envelope" and not file.startswith(("registry", "statements")):
                    (self.target / file).write_bytes(archive.read(member))
                elif member == "checkpoint.txt":
                    (self.target / member).write_bytes(archive.read(member))


def digest_lines(folder: Path) -> list[str]:
    """Return the lines that guard a folder."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return [f"{sha256(path.read_bytes()).hexdigest()}  {folder.name}/{path.name}" for path in files]


def main(arguments: list[str]) -> int:
    """Make one new folder and guard it."""
    if not arguments or not arguments[0].replace("-", "").isalnum():
        sys.stderr.write("usage: python -m tests.frozen.make NAME [FILE…]\n")
        return 2
    kept = {*arguments[1:], "trust.json"} if arguments[1:] else None
    target = FOLDER / arguments[0]
    if target.exists():
        sys.stderr.write(f"{target} was handed out: choose another name\n")
        return 1
    with tempfile.TemporaryDirectory() as work:
        made = Path(work) / "made"
        made.mkdir()
        asyncio.run(Maker(made, Path(work)).make())
        unkept = [
            path.name for path in made.iterdir() if kept is not None and path.name not in kept
        ]
        shutil.copytree(made, target, ignore=shutil.ignore_patterns(*unkept))
    with DIGESTS.open("a", encoding="ascii") as file:
        file.writelines(f"{line}\n" for line in digest_lines(target))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
