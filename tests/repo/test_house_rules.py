"""What the house forbids: found nowhere, but where a reason stands; and each rule finds its own."""

from pathlib import Path

import pytest

from tests.repo.test_house import ROOT, tracked
from tests.support.house_rules import RULES, Rule, broken

PRODUCT = ("shared/", "services/", "client/", "deploy/")
JITTER = "spreads callers in time; nothing is guarded by it"
OWN_NAMES = "names of our own tables and roles, and nothing of a caller"
TRIGGER = "triggers of a migration's own tables, one for each verb"
MAY: dict[str, dict[str, str]] = {
    "sql-from-pieces": {
        "deploy/local/postgresql/server.py": OWN_NAMES,
        "services/audit/sextant_audit/storage/growing.py": OWN_NAMES,
        "services/declarations/sextant_declarations/storage/export_writing.py": "quoted names, a"
        " path of our own folder; no value of a table",
        "services/declarations/sextant_declarations/storage/growing.py": TRIGGER,
        "services/declarations/sextant_declarations/storage/row_security.py": OWN_NAMES,
        "services/declarations/sextant_declarations/storage/sight.py": OWN_NAMES,
        "services/exchange/sextant_exchange/storage/migrations/versions/": OWN_NAMES,
        "shared/sextant_shared/chassis/roles.py": OWN_NAMES,
        "shared/sextant_shared/chassis/row_sight.py": OWN_NAMES,
        "client/sextant_client/recovery/snapshots.py": "a number of ours; PRAGMA binds no values",
        "shared/sextant_shared/chassis/postgresql.py": "settings and the role of an operator",
        "shared/sextant_shared/chassis/sight.py": "names and conditions of the room's own code",
        "shared/sextant_shared/chassis/sqlite.py": "how a transaction begins, a word of ours",
    },
    "logs-content": {
        "client/sextant_client/identity/watching.py": "a line for a person who must look",
    },
    "tells-time": {
        "shared/sextant_shared/clock.py": "the one place that reads the system clock",
        "client/sextant_client/tracing.py": "spans of the client's own, in nanoseconds",
    },
    "unbounded-client": {
        "shared/sextant_shared/chassis/people.py": "a provider may lie behind the operator's proxy",
    },
    "random": {
        "shared/sextant_shared/chassis/http.py": JITTER,
        "shared/sextant_shared/chassis/telemetry.py": "which requests are recorded",
        "services/exchange/sextant_exchange/app/__init__.py": JITTER,
        "services/declarations/sextant_declarations/domain/intake.py": JITTER,
        "services/declarations/sextant_declarations/domain/relay.py": JITTER,
        "client/sextant_client/retrying.py": JITTER,
        "client/sextant_client/uploading.py": JITTER,
        "client/sextant_client/listening.py": JITTER,
        "client/sextant_client/world/chance.py": "a made-up world, the same for the same seed",
        "deploy/local/scenario/plan.py": "a made-up load, the same for the same seed",
    },
    "xml": {
        "client/sextant_client/prepare/book.py": "an exception's class; defusedxml guards openpyxl",
        "client/sextant_client/prepare/xml/parsing.py": "the interface; defusedxml parses",
        "shared/sextant_shared/chassis/objects/parts.py": "names of types; defusedxml parses",
    },
}
BAD: dict[str, tuple[str, ...]] = {
    "unverified-tls": (
        "httpx.Client(verify=False, timeout=1, trust_env=False)",
        "context.check_hostname = False",
        "context.verify_mode = ssl.CERT_NONE",
        "ssl._create_unverified_context()",
    ),
    "code-in-data": ("import pickle", "from marshal import loads", "import shelve as s"),
    "yaml-load": ("yaml.load(text, Loader=yaml.Loader)", "yaml.unsafe_load(text)"),
    "sql-from-pieces": (
        'run(f"SELECT * FROM {table}")',
        'run("DELETE FROM x WHERE id = %s" % id_)',
        'run("SELECT * FROM x WHERE id = " + id_)',
        'run("UPDATE {} SET a = 1".format(table))',
        'run(f"""\n  INSERT INTO x VALUES ({a})""")',
    ),
    "random": ("import random", "from random import choice"),
    "logs-content": (
        '_log.info(f"declared {text}")',
        '_log.info("declared", content=text)',
        '_log.warning("refused", what=declaration)',
        '_log.error("refused %s", text)',
        '_log.info("refused", **members)',
        '_log.info("came", of=request.headers)',
        '_log.info("came", access_token=t)',
    ),
    "tells-time": ("dt.datetime.now(dt.UTC)", "datetime.utcnow()", "date.today()", "time.time()"),
    "unbounded-client": (
        "httpx.AsyncClient(trust_env=False)",
        "httpx.Client(timeout=None, trust_env=False)",
        "httpx.get(url, timeout=5)",
        "httpx.post(url, timeout=5, trust_env=True)",
    ),
    "assert": ("assert x == 1",),
    "runs-text": ("eval(text)", "os.system(text)", "subprocess.run(text, shell=True)"),
    "weak-hash": ("hashlib.md5(x)", "hashlib.new('sha1')", "hashes.SHA1()"),
    "xml": ("import xml.etree.ElementTree", "from lxml import etree", "from xml.sax import parse"),
}
GOOD: dict[str, tuple[str, ...]] = {
    "unverified-tls": ("httpx.Client(verify=context)", "context.check_hostname = True"),
    "yaml-load": ("yaml.safe_load(text)",),
    "sql-from-pieces": (
        'run(text("SELECT * FROM x WHERE id = :id"), {"id": id_})',
        'run(f"SELECT {COLUMNS} FROM x")',
        'run("SELECT a" " FROM x")',
        'f"Select a file, {name}"',
    ),
    "logs-content": (
        '_log.info("declared", id=owed.declaration, count=len(items))',
        '_log.error("defect", **told(error))',
        'report.info(f"{text}")',
        '_log.error("unexpected error", kind=kind, exc_info=error)',
    ),
    "tells-time": ("clock()", "dt.datetime.fromtimestamp(clock(), dt.UTC)", "time.monotonic()"),
    "unbounded-client": ("httpx.Client(timeout=5, trust_env=False)", "http.get(url)"),
    "runs-text": ("subprocess.run([program], shell=False)", "literal_eval(text)"),
    "weak-hash": ("hashlib.sha256(x)",),
    "xml": ("from defusedxml import ElementTree", "from sextant_client.prepare.xml import x"),
}


def product() -> dict[str, str]:
    """Return the product's files, by their paths in the repository."""
    paths = [(str(path.relative_to(ROOT)), path) for path in tracked("*.py")]
    return {name: path.read_text() for name, path in paths if name.startswith(PRODUCT)}


SOURCES = product()
by_name = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)


@by_name
def test_nothing_of_the_product_breaks_it_without_a_reason(rule: Rule) -> None:
    may = MAY.get(rule.name, {})
    found = {name: lines for name, text in SOURCES.items() if (lines := broken(text, rule))}
    unreasoned = {name: lines for name, lines in found.items() if not name.startswith(tuple(may))}
    assert unreasoned == {}, rule.fix
    needed = {place for place in may if any(name.startswith(place) for name in found)}
    assert may.keys() == needed, "no longer needed"
    assert all(len(reason) > len("why") for reason in may.values())


@by_name
def test_it_finds_what_is_planted_and_lets_the_rest_be(rule: Rule) -> None:
    assert BAD[rule.name]
    for planted in BAD[rule.name]:
        assert broken(planted, rule), planted
    for good in GOOD.get(rule.name, ()):
        assert broken(good, rule) == [], good


def test_all_of_the_product_is_looked_at() -> None:
    assert Path("shared/sextant_shared/crypto/signing.py").as_posix() in SOURCES
    assert len(SOURCES) > 500
