"""The log's page in a real browser: what a visitor sees, and what leaves the computer."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from sextant_shared.encoding import b64_decode
from sextant_shared.models.entries import format_entry
from tests.integration.audit.served import BATCHES, PER_BATCH, PublicLog, public_log
from tests.support.browser import Browser, open_browser
from tests.support.logs import ORIGIN, MemoryLog, log_keys, make_accepted, receipt_signer

SIZE = BATCHES * PER_BATCH + 1
MAY_ASK = re.compile(
    r"/|/page/[a-z]+\.(js|css|svg)|/checkpoint|/v1/growth|/v1/witnesses|/\.well-known/sextant-log"
    r"|/v1/proofs/consistency\?first=\d+&second=\d+"
)
SCRIPTS = Path(__file__).parent
PIECE = 16  # characters of a receipt that would tell it from others
CONTRAST = (SCRIPTS / "contrast.js").read_text()
STRUCTURE = (SCRIPTS / "structure.js").read_text()


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PublicLog]:
    with public_log(Path(tmp_path_factory.mktemp("public"))) as made:
        yield made


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with open_browser(Path(tmp_path_factory.mktemp("browser"))) as made:
        yield made


@pytest.fixture
def page(browser: Browser, log: PublicLog) -> Iterator[Browser]:
    """Yield the page, freshly opened; in the end it complained of nothing and gave nothing away."""
    browser.window(1100, 900)
    browser.open(f"{log.url}/")
    yield browser
    assert browser.console() == []
    sent = browser.sent()
    for request in sent:
        address = urlsplit(request["url"])
        if address.scheme == "blob":
            continue
        asked = address.path + (f"?{address.query}" if address.query else "")
        assert (f"{address.scheme}://{address.netloc}", request["method"]) == (log.url, "GET")
        assert MAY_ASK.fullmatch(asked), asked
        assert "postData" not in request
    everything = json.dumps(sent)
    for receipt in log.receipts:
        for piece in re.findall(rb"[A-Za-z0-9+/_-]{16,}", receipt):
            assert piece.decode()[:PIECE] not in everything or is_public(piece.decode(), log)


def is_public(piece: str, log: PublicLog) -> bool:
    """Whether a piece of a receipt is what everybody knows, such as the header of a proof."""
    return piece[:PIECE] in "c2sp.org/tlog-proof@v1 log.example/sextant" + log.policy


def trust_of(log: PublicLog) -> str:
    pinned = {"origin": log_keys().origin, "vkeys": list(log.vkeys)}
    members = {"v": 1, "registrars": {}, "log": pinned, "checkpoint": None, "policy": log.policy}
    return json.dumps(members)


def verify(page: Browser, receipt: str, keys: str) -> str:
    """Paste both, verify, and return the verdict's class."""
    page.put("#receipt-text", receipt)
    page.put("#keys-text", keys)
    page.click("#check")
    page.until("return !document.querySelector('#result').hidden")
    return str(page.run("return document.querySelector('#verdict').className"))


def why(page: Browser, check: str) -> str:
    return page.text(f"#checks li[data-check={check}].failed")


def changed(text: str, at: int) -> str:
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


def test_nothing_to_check_is_said_and_nothing_is_checked(page: Browser) -> None:
    page.click("#check")
    page.until("return document.querySelector('#problem').textContent !== ''")
    assert "Choose, drop or paste a receipt" in page.text("#problem")
    assert "Choose or paste keys" in page.text("#problem")
    assert page.run("return document.querySelector('#result').hidden")


def test_a_changed_checkpoint_path_or_signature_is_refused_with_its_place(
    page: Browser, log: PublicLog
) -> None:
    good, keys = log.receipts[4].decode(), trust_of(log)
    root = good.index("\\n7\\n") + 8
    assert verify(page, changed(good, root), keys) == "refused"
    assert "Ed25519 signature" in why(page, "ed25519")
    assert "expected" in why(page, "path")
    node = good.index("index 5\\n") + 12
    assert verify(page, changed(good, node), keys) == "refused"
    assert {"E_INTEGRITY", "proof"} <= set(why(page, "path").split())
    assert "root " in why(page, "path")
    signature = good.index("— ") + 2 + len(log_keys().origin) + 12
    assert verify(page, changed(good, signature), keys) == "refused"
    assert "E_SIGNATURE" in why(page, "ed25519")
    assert "Do not rely on this" in page.text("#verdict")
    assert page.run("return document.querySelector('#compare').hidden")


def test_another_log_and_a_wrong_file_are_refused_by_name(page: Browser, log: PublicLog) -> None:
    other = "\n".join(log_keys("other.example/log", "other").vkeys)
    assert verify(page, log.receipts[0].decode(), other) == "refused"
    assert "log.example/sextant" in why(page, "keys")
    assert "other.example/log" in why(page, "keys")
    assert verify(page, trust_of(log), trust_of(log)) == "refused"
    assert "not a receipt" in why(page, "form")


def test_a_good_receipt_holds_as_far_as_a_browser_sees_and_continues_to_the_head(
    page: Browser, log: PublicLog, tmp_path: Path
) -> None:
    receipt, trust = tmp_path / "custody.json", tmp_path / "trust.json"
    receipt.write_bytes(log.receipts[4])
    trust.write_text(trust_of(log))
    page.type("#receipt-file", str(receipt))
    page.type("#keys-file", str(trust))
    assert "custody.json" in page.text("#receipt-chosen")
    page.click("#check")
    page.until("return document.querySelector('#verdict').className === 'holds'")
    assert page.text("#verdict").endswith("Not checked here: ML-DSA-44 signature of the log.")
    assert "sextant bundle verify" in page.text("#verdict-more")
    assert page.run("return document.activeElement.id") == "verdict"
    assert page.run("return document.querySelector('#verdict-keys').hidden")
    page.click("#compare-now")
    page.until("return document.querySelectorAll('#comparison li').length === 3")
    assert f"{SIZE} entries continue 7 entries" in page.text("#comparison")
    assert page.run("return document.querySelectorAll('#comparison li.held').length") == 3
    assert f"/v1/proofs/consistency?first=7&second={SIZE}" in json.dumps(page.sent())


def test_a_cose_receipt_holds_with_its_entry_and_is_said_to_be_less(
    page: Browser, tmp_path: Path
) -> None:
    made = MemoryLog([format_entry(make_accepted(number)) for number in range(9)])
    pinned = {"origin": ORIGIN, "vkeys": list(made.keys.vkeys)}
    receipt = tmp_path / "4.cose"
    receipt.write_bytes(made.cose(4))
    page.type("#receipt-file", str(receipt))
    page.put("#keys-text", json.dumps({**pinned, "receipt_key": dict(receipt_signer().jwk)}))
    page.click("#verify summary")
    page.put("#entry-text", made.leaves[5].decode())
    page.click("#check")
    page.until("return document.querySelector('#verdict').className === 'refused'")
    assert "E_SIGNATURE" in why(page, "es384")
    page.put("#entry-text", made.leaves[4].decode())
    page.click("#check")
    page.until("return document.querySelector('#verdict').className === 'holds'")
    assert "no witness" in page.text("#verdict-more")
    assert page.run("return document.querySelector('#compare').hidden")


def test_keys_that_the_log_serves_are_used_only_with_a_warning(
    page: Browser, log: PublicLog
) -> None:
    page.put("#receipt-text", log.receipts[1].decode())
    page.click("#keys-served")
    page.click("#check")
    page.until("return document.querySelector('#verdict').className === 'holds'")
    assert "compare them first" in page.text("#verdict-keys")


def test_a_file_may_be_dropped_and_everything_cleared(page: Browser, log: PublicLog) -> None:
    script = """
    const held = new DataTransfer();
    held.items.add(new File([arguments[1]], 'proof.txt'));
    const event = new DragEvent('drop', { dataTransfer: held, bubbles: true, cancelable: true });
    document.querySelector(arguments[0]).dispatchEvent(event);
    """
    page.run(script, "#receipt-field", log.proofs[2])
    page.put("#keys-text", trust_of(log))
    assert "proof.txt" in page.text("#receipt-chosen")
    page.click("#check")
    page.until("return document.querySelector('#verdict').className === 'open'")
    assert "Not decided" in page.text("#verdict")
    page.click("#verify summary")
    page.put("#entry-text", log.entries[2].decode())
    page.click("#check")
    page.until("return document.querySelector('#verdict').className === 'holds'")
    page.click("#clear")
    assert page.run("return document.querySelector('#result').hidden")
    assert "Nothing chosen" in page.text("#receipt-chosen")


def test_a_browser_without_ed25519_decides_nothing(page: Browser, log: PublicLog) -> None:
    page.run(
        "SubtleCrypto.prototype.importKey = async () => {"
        " throw new DOMException('unknown', 'NotSupportedError'); }"
    )
    assert verify(page, log.receipts[4].decode(), trust_of(log)) == "open"
    assert "Ed25519 signature of the log" in page.text("#verdict")
    assert "cannot check Ed25519" in page.text("#checks li[data-check=ed25519].unchecked")


def test_the_page_shows_head_growth_witnesses_and_keys(page: Browser, log: PublicLog) -> None:
    assert page.text("#size") == str(SIZE)
    assert page.text("#origin") == log_keys().origin
    assert page.text("#quorum") == "quorum met"
    assert page.run("return document.querySelector('#checkpoint').textContent").startswith(
        f"{log_keys().origin}\n{SIZE}\n"
    )
    assert len(b64_decode(page.text("#head-root"))) == 32
    points = page.run("return fetch('/v1/growth').then((a) => a.json())")["points"]
    rows = (
        "return [...document.querySelectorAll('#growth-rows tr')]"
        ".map((row) => row.cells[2].textContent)"
    )
    assert page.run(rows) == [point["root"] for point in points]
    assert page.run("return document.querySelectorAll('#chart .curve').length") == 1
    assert f"to {SIZE} entries" in page.run(
        "return document.querySelector('#chart desc').textContent"
    )
    late = page.text("#witness-rows tr:nth-child(3)")
    assert "xch" in late
    assert f"{SIZE} entries" in late
    assert "does not answer" in late
    assert "up to date" in page.text("#witness-rows tr:nth-child(1)")
    keys = page.run("return document.querySelector('#key-list').textContent")
    assert all(vkey in keys for vkey in log.vkeys)
    page.click("#growth summary")
    page.click("#csv")
    page.click("#refresh")


def test_the_page_is_readable_on_every_screen_and_by_every_reader(
    page: Browser, log: PublicLog
) -> None:
    assert verify(page, changed(log.receipts[4].decode(), -200), trust_of(log)) in {
        "holds",
        "refused",
    }
    page.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert page.run(STRUCTURE) == []
    for is_dark in (False, True):
        page.window(1100, 900, is_dark=is_dark)
        assert page.run(CONTRAST) == []
    for width in (320, 768):
        page.window(width, 800)
        wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.run(wide) == 0
    page.window(700, 1000, media="print")
    assert page.run("return document.querySelector('#check').checkVisibility()") is False
    assert page.run("return document.querySelector('#verdict').checkVisibility()") is True


def test_the_keyboard_reaches_everything_and_skips_to_the_content(page: Browser) -> None:
    def press(key: str, code: int) -> None:
        for kind in ("rawKeyDown", "keyUp"):
            options = {"type": kind, "key": key, "windowsVirtualKeyCode": code}
            page.devtools("Input.dispatchKeyEvent", **options)

    press("Tab", 9)
    assert page.run("return document.activeElement.className") == "skip"
    reached = []
    for _ in range(60):
        press("Tab", 9)
        reached.append(page.run("return document.activeElement.id"))
        outline = "return getComputedStyle(document.activeElement).outlineStyle"
        assert reached[-1] == "" or page.run(outline) != "none"
    wanted = {
        "refresh",
        "copy",
        "receipt-file",
        "receipt-text",
        "keys-file",
        "keys-served",
        "check",
    }
    assert wanted <= set(reached)


def test_the_page_of_the_interface_works_under_its_policy(browser: Browser, log: PublicLog) -> None:
    browser.console()  # what pages before this one said is theirs
    browser.command("POST", "/url", {"url": f"{log.url}/docs"})
    browser.until("return document.querySelectorAll('details').length > 10")
    style = "return getComputedStyle(document.querySelector('details')).borderTopWidth"
    assert browser.run(style) == "1px"
    browser.click("summary")
    assert "Answers" in browser.text("details[open]")
    assert browser.console() == []
    injected = "const s = document.createElement('script'); s.textContent = 'window.in_ = 1';"
    refused = browser.run(
        f"try {{ {injected} document.body.append(s); }} catch (e) {{}} return window.in_"
    )
    assert refused is None
    assert browser.console()  # the browser says what it refused
    browser.sent()
