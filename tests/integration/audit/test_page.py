"""The files of the log's page over HTTP: a closed list, a strict policy, nothing from elsewhere."""

import re
from pathlib import Path

import pytest

from sextant_shared.models.log import LogGrowth
from tests.integration.audit.logs import AuditLog
from tests.integration.audit.test_appending import append
from tests.integration.audit.test_read_path import published

pytestmark = pytest.mark.anyio
ELSEWHERE = re.compile(
    r"(?:src|href|url|import|from)\s*[=(]?\s*['\"]?(?:https?:)?//", re.IGNORECASE
)
INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE
)


@pytest.mark.parametrize(
    "name", ["index.html", "public_page.py", "..%2fpublic_page.py", "%2e%2e", "words", "", "x.js"]
)
async def test_no_other_name_is_served(tmp_path: Path, name: str) -> None:
    log = AuditLog(tmp_path)
    await log.begin()
    async with log.serve() as served:
        response = await served.get(f"/page/{name}")
        assert response.status_code == 404
        assert response.headers["content-type"] == "application/problem+json"


async def test_the_page_and_its_files_come_under_a_policy_that_allows_nothing_else(
    tmp_path: Path,
) -> None:
    log = AuditLog(tmp_path)
    await log.begin()
    async with log.serve() as served:
        page = await served.get("/")
        named = set(re.findall(r"(?:src|href)=\"(/page/[^\"]+)\"", page.text))
        script = await served.get("/page/page.js")
        imported = re.findall(r"from '\./([a-z]+\.js)'", script.text)
        for path in ["/", *sorted(named), *(f"/page/{name}" for name in imported)]:
            response = await served.get(path)
            assert response.status_code == 200, path
            policy = response.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
            assert "unsafe" not in policy
            assert "http" not in policy
            assert response.headers["x-content-type-options"] == "nosniff"
            assert response.headers["referrer-policy"] == "no-referrer"
            assert ELSEWHERE.search(response.text) is None, path
        assert INLINE.search(page.text) is None
        assert {"/page/style.css", "/page/page.js", "/page/icon.svg"} <= named


async def test_who_holds_the_files_already_is_told_so(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    await log.begin()
    async with log.serve() as served:
        first = await served.get("/page/verify.js")
        again = await served.get("/page/verify.js", if_none_match=first.headers["etag"])
        assert (again.status_code, again.content) == (304, b"")
        assert first.headers["cache-control"] == "no-cache"
        assert first.headers["content-type"] == "text/javascript; charset=utf-8"


async def test_the_growth_follows_what_is_published(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    keys = await log.begin()
    async with log.serve() as served:
        await append(served, 1, 2, 3)
        head = await published(served, keys, 4)
        response = await served.get("/v1/growth")
        found = LogGrowth.model_validate_json(response.content)
        assert [point.size for point in found.points] == [1, 4]
        assert found.points[-1].time == head.time
        assert response.headers["cache-control"] == "no-cache"
