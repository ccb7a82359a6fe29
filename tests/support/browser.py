"""A browser for tests: Debian's Chromium, driven over WebDriver by a client of a page's length.

Where it is absent and this process may install, it is installed; where it can be neither found nor
installed, tests that need it skip on a developer's machine and fail in CI. Nothing of it is a
dependency: the W3C's protocol is JSON over HTTP.
"""

import base64
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local.debian import NoProgramError, installed
from tests.support.vectors import IN_CI

PACKAGES = ("chromium", "chromium-driver", "fonts-dejavu-core")
_START_S = 20.0
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # W3C WebDriver, section 12
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
)


def find_browser() -> tuple[str, str]:
    """Return the programs chromium and chromedriver, installing them where that is possible.

    Raises:
        NoProgramError: with what stands in the way.
    """
    chromium, driver = installed(("chromium", "chromedriver"), PACKAGES)
    return chromium, driver


@dataclass
class Browser:
    """One window. Elements are named by CSS selectors."""

    http: httpx.Client
    session: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)

    def command(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Send a WebDriver command; what it refuses fails the test."""
        given = {} if method == "POST" and body is None else body
        answer = self.http.request(method, f"/session{self.session}{path}", json=given)
        value = answer.json()["value"]
        assert answer.status_code == httpx.codes.OK, f"{path}: {value}"
        return value

    def open(self, url: str) -> None:
        """Go to a page and wait until it says that it is complete."""
        self.command("POST", "/url", {"url": url})
        self.until("return document.documentElement.dataset.ready === 'yes'")

    def run(self, script: str, *arguments: Any) -> Any:
        """Run a function's body in the page; a promise is waited for."""
        return self.command("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def until(self, script: str, patience_s: float = 10.0) -> None:
        """Wait until a script gives something true."""
        end = time.monotonic() + patience_s
        while not self.run(script):
            assert time.monotonic() < end, f"never became true: {script}"
            time.sleep(0.02)

    def text(self, selector: str) -> str:
        """Return what a reader sees of an element."""
        return str(self.command("GET", f"/element/{self._find(selector)}/text"))

    def click(self, selector: str) -> None:
        """Click an element."""
        self.command("POST", f"/element/{self._find(selector)}/click")

    def type(self, selector: str, text: str) -> None:
        """Type into an element; into a file input, the path of a file."""
        self.command("POST", f"/element/{self._find(selector)}/value", {"text": text})

    def put(self, selector: str, text: str) -> None:
        """Put text into a field at once, as pasting does."""
        script = (
            "const field = document.querySelector(arguments[0]); field.value = arguments[1];"
            "field.dispatchEvent(new Event('input', { bubbles: true }));"
        )
        self.run(script, selector, text)

    def devtools(self, method: str, **parameters: Any) -> Any:
        """Send a command of Chromium's own protocol."""
        body = {"cmd": method, "params": parameters}
        return self.command("POST", "/goog/cdp/execute", body)

    def window(self, width: int, height: int, *, is_dark: bool = False, media: str = "") -> None:
        """Show the page as on a screen of this size, in this scheme; `media` may be `print`."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.devtools("Emulation.setDeviceMetricsOverride", **size)
        wishes = {
            "prefers-color-scheme": "dark" if is_dark else "light",
            "prefers-reduced-motion": "reduce",  # what scrolls smoothly cannot be clicked
        }
        features = [{"name": name, "value": value} for name, value in wishes.items()]
        self.devtools("Emulation.setEmulatedMedia", media=media, features=features)

    def picture(self, path: Path) -> None:
        """Write the whole page as a PNG."""
        options = {"format": "png", "captureBeyondViewport": True}
        data = self.devtools("Page.captureScreenshot", **options)["data"]
        path.write_bytes(base64.b64decode(data))

    def console(self) -> list[str]:
        """Return what the page wrote to the console, violations of its policy included."""
        return [line["message"] for line in self.command("POST", "/se/log", {"type": "browser"})]

    def sent(self) -> list[dict[str, Any]]:
        """Return all requests of pages: each with `url`, `method`, `headers`, `postData`."""
        for line in self.command("POST", "/se/log", {"type": "performance"}):
            message = json.loads(line["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                is_own = message["params"]["documentURL"].startswith("chrome:")  # its first page
                self.requests += [] if is_own else [message["params"]["request"]]
        return self.requests

    def _find(self, selector: str) -> str:
        body = {"using": "css selector", "value": selector}
        return str(self.command("POST", "/element", body)[_ELEMENT])


def browser_or_skip() -> tuple[str, str]:
    """Return the programs; without them skip, in CI fail."""
    try:
        return find_browser()
    except NoProgramError as error:
        if IN_CI:
            pytest.fail(f"a browser is needed in CI: {error}")
        pytest.skip(f"no browser: {error}")


@contextmanager
def open_browser(folder: Path) -> Iterator[Browser]:
    """Yield a browser with a profile in `folder`; both processes end with it."""
    chromium, chromedriver = browser_or_skip()
    port = _free_port()
    with (folder / "chromedriver.log").open("wb") as log:
        driver = subprocess.Popen(
            [chromedriver, f"--port={port}", "--allowed-ips=127.0.0.1"],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
                _wait(http)
                browser = Browser(http)
                options = {
                    "binary": chromium,
                    "args": [*_FLAGS, f"--user-data-dir={folder / 'profile'}"],
                }
                wanted = {
                    "browserName": "chrome",
                    "goog:chromeOptions": options,
                    "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
                }
                made = browser.command("POST", "", {"capabilities": {"alwaysMatch": wanted}})
                browser.session = f"/{made['sessionId']}"
                try:
                    yield browser
                finally:
                    browser.command("DELETE", "")
        finally:
            driver.terminate()
            driver.wait(10)


def _wait(http: httpx.Client) -> None:
    end = time.monotonic() + _START_S
    while True:
        try:
            if http.get("/status").json()["value"]["ready"]:
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < end, "chromedriver does not start"
        time.sleep(0.02)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
