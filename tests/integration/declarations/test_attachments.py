"""Attachments: from the sender's package to an officer's hands, and what each read leaves."""

import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sextant_declarations.domain.deliveries import Stage
from sextant_declarations.domain.packages import Unpack
from sextant_shared.encoding import b64u, sha256
from sextant_shared.errors import Code, PlatformError
from sextant_shared.models.package import PACKAGE_CTY
from sextant_shared.protocol.archives import ArchiveLimits
from tests.integration.declarations.accessing import given
from tests.integration.declarations.contents import declaration, packed
from tests.support.platform import DECLARATION_CTY, XAL, Deposited, Platform, open_platform

pytestmark = pytest.mark.anyio
PLAN = "%PDF-1.7 план".encode()


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module")
async def platform(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Platform]:
    async with open_platform(tmp_path_factory.mktemp("attachments")) as opened:
        yield opened
        await opened.check()


def bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("plan.txt", bytes(1 << 20))
    return out.getvalue()


async def sent(platform: Platform, content: bytes, **changes: Any) -> Deposited:
    deposited = await platform.declare(XAL, content, **{"cty": PACKAGE_CTY, **changes})
    await platform.settled()
    return deposited


async def outcome(platform: Platform, deposited: Deposited) -> dict[str, Any]:
    (found,) = [r for r in await platform.replies(XAL, deposited) if r["kind"] == "outcome"]
    return found


async def test_a_declaration_with_attachments_is_registered_and_officers_read_them(
    platform: Platform, tmp_path: Path
) -> None:
    content = declaration("XAL", declaration_id="XAL-P")
    package = packed(
        tmp_path,
        ("declaration.json", DECLARATION_CTY, content),
        ("план.pdf", "application/pdf", PLAN),
        ("empty.txt", "text/plain", b""),
    )
    deposited = await sent(platform, package)
    assert (await outcome(platform, deposited))["verdict"] == "REGISTERED"
    listed = (await platform.officer("GET", "/v1/declarations")).json()["declarations"][0]
    version = f"/v1/declarations/{listed['id']}/versions/1"
    envelope = f"/v1/envelopes/{XAL}/{deposited.id}"
    assert (await platform.officer("GET", version)).content == content
    assert (await platform.officer("GET", f"{envelope}/content")).content == content
    before = len(given(platform))
    for place in (version, envelope):
        found = (await platform.officer("GET", f"{place}/attachments")).json()
        assert [(a["n"], a["name"], a["size"]) for a in found["attachments"]] == [
            (1, "план.pdf", len(PLAN)),
            (2, "empty.txt", 0),
        ]
        assert found["attachments"][0]["sha256"] == b64u(sha256(PLAN))
        for n, data in ((1, PLAN), (2, b"")):
            answer = await platform.officer("GET", f"{place}/attachments/{n}")
            assert answer.content == data
            assert answer.headers["content-type"] == "application/octet-stream"
            assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8")
    assert given(platform, before) == 2 * [
        ("attachments", deposited.id),
        ("attachment", deposited.id),
        ("attachment", deposited.id),
    ]


async def test_an_attachment_that_is_not_there_is_refused_and_leaves_an_access(
    platform: Platform,
) -> None:
    deposited = await platform.declare(XAL, declaration("XAL", declaration_id="XAL-N"))
    await platform.settled()
    place = f"/v1/envelopes/{XAL}/{deposited.id}/attachments"
    assert (await platform.officer("GET", place)).json()["attachments"] == []
    before = len(given(platform))
    with pytest.raises(PlatformError, match="no attachment 1") as raised:
        await platform.officer("GET", f"{place}/1")
    assert raised.value.code is Code.NOT_FOUND
    assert given(platform, before) == [("attachment", deposited.id)]


async def test_a_package_that_cannot_be_read_is_answered_with_what_is_wrong(
    platform: Platform, tmp_path: Path
) -> None:
    package = packed(
        tmp_path, ("d.json", DECLARATION_CTY, declaration("XAL")), ("a", "text/plain", b"abc")
    )
    deposited = await sent(platform, package[:-1])
    answer = await outcome(platform, deposited)
    assert answer["verdict"] == "REJECTED"
    (finding,) = answer["findings"]
    assert (finding["rule"], finding["severity"]) == ("REG-6", "must-fix")
    assert finding["message"] == "the package cannot be read: the package ends within the part a"
    place = f"/v1/envelopes/{XAL}/{deposited.id}/content"
    assert (await platform.officer("GET", place)).content == package[:-1]


async def test_an_attached_bomb_is_kept_closed_and_both_sides_are_told(
    platform: Platform, tmp_path: Path
) -> None:
    archive = bomb()
    package = packed(
        tmp_path,
        ("d.json", DECLARATION_CTY, declaration("XAL", declaration_id="XAL-B")),
        ("plans.zip", "application/zip", archive),
    )
    deposited = await sent(platform, package)
    answer = await outcome(platform, deposited)
    assert answer["verdict"] == "REGISTERED"
    told = [f["message"] for f in answer["findings"] if f["rule"] == "REG-7"]
    closed = "the attachment plans.zip is an archive that is left closed: "
    assert told == [
        f"{closed}more than 100 times its size would come out",
        f"{closed}an entry grows more than 100 times",
    ]
    place = f"/v1/envelopes/{XAL}/{deposited.id}/attachments"
    (line,) = (await platform.officer("GET", place)).json()["attachments"]
    assert line["flaws"][0] == "more than 100 times its size would come out"
    assert (await platform.officer("GET", f"{place}/1")).content == archive


def test_the_archives_of_one_envelope_share_what_may_be_read(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", b"x" * 600)
    zips = [(f"{n}.zip", "application/zip", out.getvalue()) for n in range(2)]
    stage = Stage(container=tmp_path / "container", content=tmp_path / "content")
    stage.package.write_bytes(packed(tmp_path, ("m", "text/plain", b""), *zips))
    unpacked = Unpack(archives=ArchiveLimits(bytes_=1000))(stage)
    assert [one.flaws for one in unpacked.attachments] == [
        (),
        ("more than 400 bytes would come out",),
    ]


async def test_files_named_in_a_declaration_are_held_against_those_that_came(
    platform: Platform, tmp_path: Path
) -> None:
    named = {"name": "plan.pdf", "sha256": "00" * 32, "classification": "OPCW_RESTRICTED"}
    content = declaration("XAL", declaration_id="XAL-F", attachments=[named])
    document = ("d.json", DECLARATION_CTY, content)
    package = packed(tmp_path, document, ("plan.pdf", "application/pdf", PLAN))
    answer = await outcome(platform, await sent(platform, package))
    (told,) = [f for f in answer["findings"] if f["rule"] == "REG-8"]
    assert (told["pointer"], told["received"]) == ("/attachments/0/sha256", sha256(PLAN).hex())


async def test_a_declaration_in_a_package_is_compared_like_any_other(
    platform: Platform, tmp_path: Path
) -> None:
    first = declaration("XAL", declaration_id="XAL-V")
    await sent(platform, packed(tmp_path, ("d.json", DECLARATION_CTY, first)))
    again = await sent(platform, first, cty=DECLARATION_CTY)
    rules = {f["rule"] for f in (await outcome(platform, again))["findings"]}
    assert "REG-2" in rules  # it was filed already, as the message of a package
    assert "REG-5" not in rules  # and the register could read it from the vault


async def test_a_letter_with_attachments_is_correspondence(
    platform: Platform, tmp_path: Path
) -> None:
    package = packed(
        tmp_path, ("letter.txt", "text/plain", b"As asked."), ("a", "text/plain", b"x")
    )
    deposited = await sent(platform, package, type="correspondence")
    page = (await platform.officer("GET", "/v1/envelopes")).json()
    assert (page["envelopes"][0]["id"], page["envelopes"][0]["nature"]) == (
        deposited.id,
        "correspondence",
    )
    place = f"/v1/envelopes/{XAL}/{deposited.id}"
    assert (await platform.officer("GET", f"{place}/content")).content == b"As asked."
    assert (await platform.officer("GET", f"{place}/attachments/1")).content == b"x"
