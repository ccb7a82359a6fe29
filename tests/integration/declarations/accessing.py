"""What these tests look up, and change, of accesses in the database of the service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, make_url, text

from sextant_shared.clock import timestamp_ms
from sextant_shared.models.package import PACKAGE_CTY
from tests.integration.declarations.contents import declaration, packed
from tests.support.platform import DECLARATION_CTY, XAL, XBO, Platform, open_platform
from tests.unit.shared.rules.filed import amendment, data, site

PLANT = site()["plant_site_code"]
RENAMED = amendment(site(), ("/name", site()["name"], "Renamed"), number="XAL-RENAMED")
FILE = b"%PDF-1.7 a plan of the plant"


def given(platform: Platform, after: int = 0) -> list[tuple[str, str]]:
    """Return what people were given, and of which envelopes, in order, after so many."""
    rows = platform.stored(
        "SELECT a.id, a.gives, i.envelope_id FROM accesses a"
        " LEFT JOIN access_items i ON i.access = a.id"
        " WHERE a.role <> 'service' AND a.type = 'access' ORDER BY a.id, i.position"
    )
    about: dict[int, tuple[str, list[str]]] = {}
    for row in rows:
        about.setdefault(row["id"], (row["gives"], []))[1].append(row["envelope_id"] or "")
    return [(gives, " ".join(envelopes)) for gives, envelopes in about.values()][after:]


def administrator_of(platform: Platform) -> str:
    """Return the address by which the database's administrator comes in."""
    settings = platform.declarations_settings()
    if settings.database_url is None:
        return f"sqlite:///{settings.database}"
    address = make_url(settings.database_url).set(username="postgres")
    return address.render_as_string(hide_password=False)


def tamper(platform: Platform, statement: str, values: dict[str, Any] | None = None) -> None:
    """Change the database as its administrator can."""
    engine = create_engine(administrator_of(platform))
    try:
        with engine.begin() as connection:
            connection.execute(text(statement), values or {})
    finally:
        engine.dispose()


def today(platform: Platform) -> str:
    """Return the day on the platform's clock."""
    return timestamp_ms(platform.clock())[:10]


@asynccontextmanager
async def filled(folder: Path) -> AsyncIterator[Platform]:
    """Yield a platform with a plant site, its amendment, an attachment, and another State's."""
    async with open_platform(folder) as opened:
        await opened.declare(XAL, data(site()))
        await opened.declare(XAL, data(RENAMED))
        package = packed(
            folder,
            ("declaration.json", DECLARATION_CTY, declaration("XAL", declaration_id="XAL-P")),
            ("plan.pdf", "application/pdf", FILE),
        )
        await opened.declare(XAL, package, cty=PACKAGE_CTY)
        await opened.declare(XBO, declaration("XBO"))
        await opened.settled()
        yield opened
        await opened.settled()
        await opened.check()


async def place_of(platform: Platform, declaration_id: str) -> dict[str, Any]:
    """Return what the routes of one declaration are filled in with."""
    listed = (await platform.officer("GET", "/v1/declarations")).json()["declarations"]
    (id_,) = [d["id"] for d in listed if d["declaration_id"] == declaration_id]
    view = (await platform.officer("GET", f"/v1/declarations/{id_}")).json()
    newest = view["versions"][-1]
    return {
        "id_": id_,
        "n": newest["n"],
        "which": 1,
        "sender": newest["sender"],
        "env": newest["envelope"],
    }


async def asked(platform: Platform, **params: Any) -> list[dict[str, Any]]:
    """Return what an auditor is told."""
    auditor = platform.client("auditor-1", "declarations")
    found = (await auditor.request("GET", "/v1/accesses", params=params)).json()
    lines: list[dict[str, Any]] = found["accesses"]
    return lines
