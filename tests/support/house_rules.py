"""What the house forbids in product code and no linter of ours knows: small rules over the syntax.

Each rule takes a parsed file and yields the lines at which it is broken. Which files may break one,
and why, stands in `MAY`: a reason for each, and a test that fails when it is no longer needed.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Check = Callable[[ast.AST], Iterator[ast.AST]]


@dataclass(frozen=True)
class Rule:
    """One thing that is forbidden: `fix` says what to do instead.

    A file without the `hint` cannot break it, and is not even parsed.
    """

    name: str
    fix: str
    check: Check
    hint: str


def broken(source: str, rule: Rule) -> list[int]:
    """Return the lines of a file at which it breaks a rule."""
    if re.search(rule.hint, source) is None:
        return []
    tree = ast.parse(source)
    found = [node for top in ast.walk(tree) for node in rule.check(top)]
    return sorted({getattr(node, "lineno", 0) for node in found})


def _dotted(node: ast.AST) -> str:
    """Return `a.b.c` for an attribute or a name, empty for anything else."""
    if isinstance(node, ast.Attribute):
        inner = _dotted(node.value)
        return f"{inner}.{node.attr}" if inner else node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _imports(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.level == 0:
        return [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []


def _importing(*modules: str) -> Check:
    def check(node: ast.AST) -> Iterator[ast.AST]:
        names = _imports(node)
        if any(name == m or name.startswith(f"{m}.") for name in names for m in modules):
            yield node

    return check


def _is_false(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def _unverified(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.keyword) and node.arg in {"verify", "check_hostname"}:
        yield from [node.value] if _is_false(node.value) else []
    if isinstance(node, ast.Assign) and _is_false(node.value):
        yield from (t for t in node.targets if _dotted(t).endswith(".check_hostname"))
    if _dotted(node).rpartition(".")[2] in {"CERT_NONE", "_create_unverified_context"}:
        yield node


def _loads_yaml(node: ast.AST) -> Iterator[ast.AST]:
    loads = {"yaml.load", "yaml.load_all", "yaml.full_load", "yaml.unsafe_load"}
    if isinstance(node, ast.Call) and _dotted(node.func) in loads:
        yield node


_KEYWORDS = (
    "(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|GRANT|REVOKE|SET|SHOW|BEGIN|COPY|ATTACH"
    "|PRAGMA|WITH|TRUNCATE|LOCK|NOTIFY|LISTEN)"
)
_SQL = re.compile(rf"\s*{_KEYWORDS}\s")


def _is_sql(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and bool(_SQL.match(str(node.value)))


def _is_constant_name(node: ast.AST) -> bool:
    last = _dotted(node).rpartition(".")[2]
    return last.isupper()


def _sql_from_pieces(node: ast.AST) -> Iterator[ast.AST]:
    """Yield statements put together from anything but constants of the module."""
    if isinstance(node, ast.JoinedStr) and node.values and _is_sql(node.values[0]):
        filled = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
        if not all(_is_constant_name(value) for value in filled):
            yield node
    if isinstance(node, ast.BinOp) and _is_sql(node.left):  # `%` and `+`
        yield from [] if _is_constant_name(node.right) else [node]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        is_format = node.func.attr == "format"
        if is_format and _is_sql(node.func.value):
            yield node


_LEVELS = {"debug", "info", "warning", "error", "critical", "exception"}
_SECRET = re.compile(
    r"(^|_)(content|plaintext|body|payload|document|declaration|container|passphrase|pin|secret"
    r"|password|token|proof|private|headers|jwk|row|value|values)($|_)"
)


def _is_told(keyword: ast.keyword) -> bool:
    """Whether this is `**told(error)`: kind, code and trace of an error, and no word of it."""
    called = keyword.value.func if isinstance(keyword.value, ast.Call) else None
    return keyword.arg is None and called is not None and _dotted(called) == "told"


def _logs_content(node: ast.AST) -> Iterator[ast.AST]:
    """Yield log lines with made-up words, or with members that could carry what was declared."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return
    owner = _dotted(node.func.value).rpartition(".")[2]
    if node.func.attr not in _LEVELS or owner not in {"_log", "log", "logger", "_logger"}:
        return
    words = node.args[:1]
    if not all(isinstance(arg, ast.Constant) for arg in words) or len(node.args) > 1:
        yield node
    for keyword in node.keywords:
        if keyword.arg == "id" or _is_told(keyword):
            continue
        said = f"{keyword.arg or 'values'} {_dotted(keyword.value).replace('.', '_')}"
        if any(_SECRET.search(part) for part in said.split()):
            yield keyword.value


def _tells_time(node: ast.AST) -> Iterator[ast.AST]:
    owner, _, last = _dotted(node).rpartition(".")
    if last in {"now", "utcnow", "today"} and owner.rpartition(".")[2] in {"datetime", "date"}:
        yield node
    if _dotted(node) in {"time.time", "time.time_ns", "time.gmtime", "time.localtime"}:
        yield node


_HTTPX = {"Client", "AsyncClient", "get", "post", "put", "patch", "delete", "head", "request"}


def _unbounded_client(node: ast.AST) -> Iterator[ast.AST]:
    """Yield clients without a time-out, or whom the environment may send elsewhere."""
    if not isinstance(node, ast.Call) or _dotted(node.func) not in {f"httpx.{n}" for n in _HTTPX}:
        return
    named = {keyword.arg: keyword.value for keyword in node.keywords}
    timeout, environment = named.get("timeout"), named.get("trust_env")
    is_bounded = timeout is not None and not (
        isinstance(timeout, ast.Constant) and timeout.value is None
    )
    if not is_bounded or environment is None or not _is_false(environment):
        yield node


def _asserts(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Assert):
        yield node


def _runs_text(node: ast.AST) -> Iterator[ast.AST]:
    if not isinstance(node, ast.Call):
        return
    if _dotted(node.func) in {"eval", "exec", "__import__", "os.system", "os.popen"}:
        yield node
    for keyword in node.keywords:
        if keyword.arg == "shell" and not _is_false(keyword.value):
            yield node


def _weak_hash(node: ast.AST) -> Iterator[ast.AST]:
    if _dotted(node) in {"hashlib.md5", "hashlib.sha1", "hashlib.new", "hashes.MD5", "hashes.SHA1"}:
        yield node


RULES = (
    Rule(
        "unverified-tls",
        "give the authority's file, never go around it",
        _unverified,
        "verify=|check_hostname|CERT_NONE|unverified",
    ),
    Rule(
        "code-in-data",
        "use JSON, CBOR or a strict model",
        _importing("pickle", "marshal", "shelve", "dill", "jsonpickle", "cloudpickle"),
        "pickle|marshal|shelve|dill",
    ),
    Rule("yaml-load", "use yaml.safe_load, or JSON", _loads_yaml, "yaml"),
    Rule(
        "sql-from-pieces",
        "bind values; put names together only in a place of MAY",
        _sql_from_pieces,
        f'"\\s*{_KEYWORDS}\\s',
    ),
    Rule(
        "random",
        "take random_bytes, or a port; where nothing is guarded, say so in MAY",
        _importing("random"),
        r"\brandom\b",
    ),
    Rule(
        "logs-content",
        "log constant words, ids, digests, codes and counts",
        _logs_content,
        r"\b(_log|log|logger|_logger)\.",
    ),
    Rule("tells-time", "take a Clock", _tells_time, r"now\b|today|time\.time|time\.(gm|local)time"),
    Rule(
        "unbounded-client", "give timeout= and trust_env=False", _unbounded_client, r"httpx\.\w+\("
    ),
    Rule("assert", "raise a PlatformError: -O takes asserts away", _asserts, r"\bassert\b"),
    Rule(
        "runs-text",
        "call the function; give a program its words as a list",
        _runs_text,
        r"\b(eval|exec|__import__|system|popen|shell)\b",
    ),
    Rule("weak-hash", "use sha256 of sextant_shared.encoding", _weak_hash, "hashlib|hashes"),
    Rule(
        "xml",
        "parse with defusedxml",
        _importing("xml.etree", "xml.dom", "xml.sax", "xml.parsers", "lxml"),
        "xml",
    ),
)
