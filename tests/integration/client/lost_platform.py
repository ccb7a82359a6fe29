"""A platform with declarations in it that ran, was backed up twice, and is gone."""

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sextant_client.recovery.choosing import backups_in
from sextant_client.recovery.models import Manifest
from sextant_declarations.app.refilling import refill_vault
from sextant_declarations.domain.refilling import Refilled
from tests.support.backups import OPERATOR, Backups
from tests.support.platform import XAL, XBO, Platform, open_platform

ON_FILES = {"database_url": None, "database_reader_url": None}  # also where tests run on a server


@dataclass
class Lost:
    """A platform that is gone: its backups, a copy of its log, and receipts that people hold."""

    backups: Backups
    mirror: Path
    early: Path
    late: Path
    a: Manifest
    b: Manifest
    late_ids: list[str]
    refilled: Refilled
    vaults: tuple[dict[str, bytes], dict[str, bytes]]
    """The vault before it was lost, and after it was filled again."""

    @property
    def old(self) -> Backups:
        """The backups as they were before B was made."""
        only_a = Backups.__new__(Backups)
        only_a.folder, only_a.platform = self.backups.folder / "before-b", self.backups.platform
        if not only_a.folder.exists():
            shutil.copytree(self.backups.root, only_a.root)
            shutil.copytree(self.backups.folder / "people", only_a.folder / "people")
            shutil.copy(self.backups.card(OPERATOR), only_a.card(OPERATOR))
            shutil.rmtree(only_a.root / "sets" / self.b.id)
        return only_a


async def live_and_end(folder: Path) -> Lost:
    mirror = folder / "mirror"
    audit = {**ON_FILES, "tiles_dir": mirror, "entries_public": True}
    async with open_platform(folder / "platform", audit=audit) as platform:
        backups = Backups(folder, platform)
        await platform.declare(XAL, b"{}")
        await platform.declare(XBO, b"{}" * 200_000)  # too large for a row: a blob
        await platform.settled()
        early = _receipts(folder / "early", platform, 0)
        done = await asyncio.to_thread(backups.back_up, "--textfile", folder / "backup.prom")
        assert done.status == 0, done.stdout + done.stderr
        await platform.declare(XAL, b"{ }")
        await platform.declare(XBO, b"{  }")
        await platform.settled()
        late = _receipts(folder / "late", platform, 2)
        await platform.stop("declarations")
        refilled, vaults = await _lose_vault(platform)
        await platform.stop("exchange")  # nothing comes after B
        done = await asyncio.to_thread(backups.back_up)
        assert done.status == 0, done.stdout + done.stderr
        size = len(await platform.entries())
        await platform.until(lambda: _published(mirror) >= size)
        late_ids = [handed.id for handed in platform.handed[2:]]
    a, b = backups_in(backups.root, None)
    return Lost(backups, mirror, early, late, a, b, late_ids, refilled, vaults)


async def _lose_vault(platform: Platform) -> tuple[Refilled, Any]:
    """Lose files of declarations while it does not run, fill it again."""
    settings = platform.declarations_settings()
    before = _files(settings.vault)
    path = next(iter(sorted(settings.vault.rglob("*.dxe"))))
    for each in settings.vault.rglob("*.txt"):
        each.unlink()
    path.unlink()
    wire = platform.own_wires["exchange"]
    refilled = await refill_vault(settings, clock=platform.clock, exchange=wire)
    return refilled, (before, _files(settings.vault))


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _receipts(folder: Path, platform: Platform, first: int) -> Path:
    for handed in platform.handed[first:]:
        assert handed.custody is not None
        (folder / handed.id).mkdir(parents=True)
        (folder / handed.id / "custody.json").write_bytes(handed.custody)
    return folder


def _published(mirror: Path) -> int:
    path = mirror / "checkpoint"
    return int(path.read_text().splitlines()[1]) if path.exists() else 0
