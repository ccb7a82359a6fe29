"""Writes the OpenAPI document of each service, from the apps themselves with nothing running.

The apps are built as they would be served, in an empty folder with keys made for the occasion;
nothing of the folder stands in the documents.
"""

import asyncio
import json
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fastapi import FastAPI

from sextant_audit.app import create_app as create_audit
from sextant_audit.settings import AuditSettings
from sextant_declarations.app import create_app as create_declarations
from sextant_declarations.settings import DeclarationsSettings
from sextant_exchange.app import create_app as create_exchange
from sextant_exchange.settings import ExchangeSettings
from sextant_shared.crypto.keys import Alg
from sextant_shared.crypto.signing import SoftwareSigner
from sextant_shared.models.party import RegistrarKeys, RegistrarsFile
from sextant_shared.protocol.checkpoints import LogKeys
from sextant_shared.protocol.keyfiles import PrivateKey, write_key_file

_URL = "http://service.invalid"
_ORIGIN = "log.invalid/sextant"


def openapi_text(service: str) -> str:
    """Return the document of a service as it is published."""
    return json.dumps(openapi_documents()[service], indent=1, ensure_ascii=False) + "\n"


@cache
def openapi_documents() -> dict[str, Any]:
    """Return the documents of all services by name."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        # The exchange opens its store when it is built, and closes it when it stops.
        exchange = asyncio.run(_started(_exchange(folder)))
        return {
            "audit": _audit(folder).openapi(),
            "declarations": _declarations(folder).openapi(),
            "exchange": exchange,
        }


SERVICES = ("audit", "declarations", "exchange")


async def _started(app: FastAPI) -> Any:
    async with app.router.lifespan_context(app):
        return app.openapi()


def _common(folder: Path, name: str) -> dict[str, Any]:
    return {"data_dir": folder / name, "port": 1, "base_url": _URL}


def _audit(folder: Path) -> FastAPI:
    return create_audit(AuditSettings(origin=_ORIGIN, **_common(folder, "audit")))


def _declarations(folder: Path) -> FastAPI:
    key = folder / "unused.json"  # opened only when the service starts
    return create_declarations(
        DeclarationsSettings(
            trust_file=key,
            exchange_url=_URL,
            exchange_client_id="SEC/worker",
            exchange_key_file=key,
            audit_url=_URL,
            audit_client_id="secretariat",
            audit_key_file=key,
            sealing_key_files=(key,),
            signing_key_files=(key, key),
            people_issuer="https://sign-in.invalid",  # so that the document says how people come
            **_common(folder, "declarations"),
        )
    )


def _exchange(folder: Path) -> FastAPI:
    classical, post_quantum = (SoftwareSigner.generate(alg) for alg in (Alg.ED25519, Alg.ML_DSA_44))
    keys = LogKeys.of_signers(_ORIGIN, (classical, post_quantum))
    pair = [SoftwareSigner.generate(alg).jwk for alg in (Alg.ED25519, Alg.ML_DSA_65)]
    registrar = RegistrarKeys(name="REG-1", keys=[dict(jwk) for jwk in pair])
    pins = RegistrarsFile(threshold=1, registrars=[registrar])
    (folder / "registrars.json").write_text(pins.model_dump_json())
    log = {"origin": _ORIGIN, "vkeys": list(keys.vkeys)}
    (folder / "log.json").write_text(json.dumps(log))
    write_key_file(folder / "key.json", PrivateKey("api", SoftwareSigner.generate(Alg.ED25519)))
    return create_exchange(
        ExchangeSettings(
            issuer_key_file=folder / "key.json",
            registrars_file=folder / "registrars.json",
            audit_url=_URL,
            audit_key_file=folder / "key.json",
            log_file=folder / "log.json",
            **_common(folder, "exchange"),
        )
    )
