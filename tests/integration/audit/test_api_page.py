"""The page that shows a service's API, in a real browser."""

from pathlib import Path

from tests.integration.audit.served import public_log
from tests.support.browser import open_browser

COPIES = """
  const boxes = [...document.querySelectorAll('details')];
  const box = boxes.find(one => one.querySelector('.path').textContent === '/v1/copies');
  if (box) { box.open = true; box.id = 'copies'; }
  return Boolean(box);
"""


def test_an_operation_shows_bodies_to_send_under_its_schema(tmp_path: Path) -> None:
    with public_log(tmp_path) as log, open_browser(tmp_path) as browser:
        browser.command("POST", "/url", {"url": f"{log.url}/docs"})
        browser.until(COPIES)
        shown = browser.text("#copies")
        complaints = browser.console()
    schema, *bodies = shown.split("Example: ")
    assert "#/components/schemas/CopyReport" in schema
    assert [body.partition("\n")[0] for body in bodies] == [
        "a backup was made",
        "a service was restored",
    ]
    assert '"act": "backup"' in bodies[0]
    assert '"digest"' not in schema, "a body stands once"
    assert complaints == []
