"""Which filings a declaration is compared with, and what is left out said."""

import json
from pathlib import Path
from typing import Any

import pytest

from sextant_declarations.domain.contents import check_content
from sextant_declarations.domain.deliveries import Check, FiledVersion, StateFilings
from sextant_declarations.domain.library import Library
from sextant_shared.encoding import canonical_json, sha256
from sextant_shared.errors import Code, PlatformError
from tests.unit.shared.rules.filed import amendment, data, national, site, withdrawal


class Vault:
    """Registered filings as the register tells of them, oldest first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.filed: list[tuple[FiledVersion, Path]] = []

    def register(self, document: dict[str, Any]) -> Path:
        content = data(document)
        path = self.folder / f"{len(self.filed)}.txt"
        path.write_bytes(content)
        named = document.get("amends") or document.get("withdraws")
        filed = FiledVersion(
            declaration_id=document["declaration_id"],
            version=document["version"],
            kind=document["kind"],
            year=document.get("reporting_year") or int(document["event_date"][:4]),
            digest=sha256(canonical_json(document)),
            content_digest=sha256(content),
            size=len(content),
            manifest_digest=sha256(content),
            revises=named["declaration_id"] if named else None,
        )
        self.filed.append((filed, path))
        return path

    def check(
        self, document: dict[str, Any], library: Library | None = None, *, is_cut: bool = False
    ) -> Check:
        path = self.folder / "content"
        path.write_bytes(data(document))
        filings = StateFilings(tuple(reversed(self.filed)), is_cut=is_cut)
        library = library or Library(1_000_000)
        return check_content(
            path, filings, library=library, max_bytes=1_000_000, max_values=100_000
        )


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path)


def yearly(year: int, **changes: Any) -> dict[str, Any]:
    return site(reporting_year=year, declaration_id=f"XAL-{year}-SITE", **changes)


def late(document: dict[str, Any]) -> dict[str, Any]:
    """Return an event that happens years after what it is about."""
    return {**document, "event_date": "2035-01-31"}


def compared(check: Check) -> list[str]:
    return [filed.declaration_id for filed in check.compared]


def rules(check: Check) -> list[str]:
    return [finding.rule for finding in check.findings]


def test_a_file_that_is_not_the_registered_one_is_nobodys_verdict(vault: Vault) -> None:
    vault.register(site()).write_bytes(b"{}")
    with pytest.raises(PlatformError) as raised:
        vault.check(national())
    assert raised.value.code is Code.INTEGRITY


def test_what_does_not_fit_is_left_out_and_said(vault: Vault) -> None:
    vault.register(yearly(2024))
    vault.register(yearly(2025))
    check = vault.check(national(), Library(len(data(yearly(2025)))))
    assert compared(check) == ["XAL-2025-SITE"]
    assert rules(check) == ["X4", "REG-5"]
    assert check.findings[-1].received == "the 1 newest that fit"


def test_older_filings_that_were_not_handed_over_are_said(vault: Vault) -> None:
    vault.register(yearly(2025))
    assert rules(vault.check(national(), is_cut=True)) == ["X4", "REG-5"]
    assert rules(vault.check(national())) == ["X4"]


def test_a_filing_that_is_read_no_more_is_left_out_and_said(vault: Vault) -> None:
    vault.register({**yearly(2025), "schema": "sextant.s2-site-adpa/9"})
    check = vault.check(national())
    assert (compared(check), rules(check)) == ([], ["X4", "REG-5"])


def test_three_years_before_and_one_after_are_compared_newest_first(vault: Vault) -> None:
    for year in range(2021, 2029):
        vault.register(yearly(year))
    found = compared(vault.check(national()))
    assert found == [f"XAL-{year}-SITE" for year in range(2026, 2021, -1)]


def test_the_history_of_the_same_kind_goes_further_back(vault: Vault) -> None:
    for year in range(2010, 2028):
        vault.register(national(reporting_year=year, declaration_id=f"XAL-{year}"))
    found = compared(vault.check(national()))
    assert found == [f"XAL-{year}" for year in range(2026, 2014, -1)]


def test_what_revises_a_compared_filing_is_compared_whatever_its_year(vault: Vault) -> None:
    vault.register(yearly(2020))
    vault.register(yearly(2025))
    for year in (2025, 2020):
        change = ("/name", site()["name"], "New")
        vault.register(late(amendment(yearly(year), change, number=f"A-{year}")))
    assert compared(vault.check(national())) == ["A-2025", "XAL-2025-SITE"]


def test_an_amendment_of_an_old_year_is_compared_with_that_year(vault: Vault) -> None:
    for year in (2015, 2016, 2025):
        vault.register(yearly(year))
    bad = amendment(yearly(2015), ("/name", "Not its name", "New"))
    check = vault.check(bad)
    assert compared(check) == ["XAL-2016-SITE", "XAL-2015-SITE"]
    assert [(f.rule, f.way) for f in check.findings] == [("A2", "place")]
    gone = vault.check(withdrawal(yearly(2015)))
    assert compared(gone) == ["XAL-2016-SITE", "XAL-2015-SITE"]
    assert rules(gone) == []


def test_a_declaration_is_not_compared_with_its_own_versions(vault: Vault) -> None:
    vault.register(national())
    vault.register(late(amendment(national(), ("/note", None, "More"))))
    assert compared(vault.check(national(version=3))) == []


def test_what_is_no_declaration_is_compared_with_nothing(vault: Vault) -> None:
    vault.register(site()).unlink()
    assert vault.check({"kind": "SHOPPING_LIST"}).compared == ()


def test_a_filing_is_read_once_as_long_as_there_is_room(vault: Vault) -> None:
    size = len(data(yearly(2025)))
    roomy, narrow = Library(10 * size), Library(size)
    paths = [vault.register(yearly(year)) for year in (2024, 2025)]
    for library in (roomy, narrow):
        vault.check(national(), library)
    for path in paths:
        path.unlink()
    assert compared(vault.check(national(), roomy)) == ["XAL-2025-SITE", "XAL-2024-SITE"]
    vault.filed.pop()
    with pytest.raises(FileNotFoundError):
        vault.check(national(), narrow)


def test_the_same_filings_give_the_same_findings_again(vault: Vault) -> None:
    filed = json.loads(json.dumps(site()))
    vault.register(filed)
    bad = amendment(filed, ("/plants/0/chemicals/0/chemical/cas", "111-48-8", "111-84-8"))
    first, again = vault.check(bad), vault.check(bad)
    assert first == again
    assert [(f.rule, f.document) for f in first.findings] == [
        ("F1", f"{filed['declaration_id']} version 2")
    ]
