"""The numbers of backups reach whoever watches."""

import os
import stat
from pathlib import Path

from sextant_client.recovery.reporting import write_status


def test_numbers_are_readable_for_the_exporter_also_where_nothing_else_is(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_status(tmp_path, tmp_path / "sextant.prom", backup_time_seconds=7)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "sextant.prom").stat().st_mode) == 0o644
    assert stat.S_IMODE((tmp_path / "status.json").stat().st_mode) == 0o600
    assert "sextant_backup_time_seconds 7\n" in (tmp_path / "sextant.prom").read_text()
