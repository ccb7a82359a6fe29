"""A home of NA-XAL that was enrolled in a log in memory, and what it takes to work offline."""

from dataclasses import dataclass
from pathlib import Path

from sextant_client.home import Config, Home
from sextant_client.trust import PinnedLog, TrustFile
from sextant_shared.models.party import KeyUse, RegistrarKeys, RegistrarsFile
from sextant_shared.protocol.keyfiles import PrivateKey, write_key_file
from tests.support.histories import Life
from tests.support.parties import S1, registrar_pairs, signer


@dataclass
class Office:
    """The home, its life in the log, and the folders of its registrars."""

    life: Life
    home: Home
    folder: Path

    @property
    def proof(self) -> Path:
        """The document in force, as a file."""
        path = self.folder / "proof.json"
        path.write_text(self.life.proof().model_dump_json())
        return path

    def registrar(self, number: int) -> Path:
        """Return the home of REG-n."""
        home = Home(self.folder / f"REG-{number}")
        if not home.path.exists():
            for alg in S1:
                key = PrivateKey(KeyUse.SIG, signer(f"REG-{number}", alg))
                write_key_file(home.keys.folder / f"sig-{alg}.json", key)
        return home.path


def make_office(folder: Path) -> Office:
    """Write keys, configuration and trust."""
    life, home = Life(), Home(folder / "home")
    home.path.mkdir()
    keys = life.keys
    for use in (KeyUse.ROOT, KeyUse.SIG):
        for alg in S1:
            key = PrivateKey(use, signer(f"NA-XAL/{use}", alg))
            write_key_file(home.keys.folder / f"{use}-{alg}-{key.kid[:8]}.json", key)
    write_key_file(home.keys.folder / "seal-1.json", PrivateKey(KeyUse.SEAL, keys.seal))
    api = PrivateKey(KeyUse.API, signer("NA-XAL/api", S1[0]))
    write_key_file(home.keys.folder / "api-1.json", api)
    registrars = [
        RegistrarKeys(name=f"REG-{n}", keys=[dict(half.jwk) for half in pair])
        for n, pair in enumerate(registrar_pairs(), start=1)
    ]
    log = life.log.keys
    trust = TrustFile(
        v=1,
        registrars=RegistrarsFile(threshold=2, registrars=registrars),
        log=PinnedLog(origin=log.origin, vkeys=list(log.vkeys)),
        checkpoint=None,
    )
    (home.path / "trust.json").write_text(trust.model_dump_json())
    nowhere = "http://nobody.invalid"
    config = Config(v=1, party="NA-XAL", client_id="NA-XAL/desk", exchange=nowhere, audit=nowhere)
    home.write_config(config)
    return Office(life, home, folder)


def waiting(home: Home) -> list[str]:
    """Return the names of the key files that wait for their enrolment."""
    return sorted(path.name for path in (home.path / "keys" / "next").glob("*.json"))
