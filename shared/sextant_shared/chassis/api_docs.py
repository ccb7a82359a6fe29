"""The API as documents: what `openapi.json` says of all routes alike, and a page for people.

The page is self-contained, because machines of this kind are often air-gapped.
"""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from fastapi.routing import APIRoute

from sextant_shared.chassis.headers import hash_of
from sextant_shared.errors import Code, Finding, Severity
from sextant_shared.protocol.problems import MEDIA_TYPE, RECIPIENT_LOCAL, TYPE_PREFIX

PROBLEM: dict[str, Any] = {
    "description": "Problem document (RFC 9457)",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_TEXT = {"type": "string"}
Responses = dict[int, dict[str, Any]]
_OVER_HTTP = [str(code) for code in Code if code not in RECIPIENT_LOCAL]
BEARER = "bearer"
_BEARER = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "An access token of the Secretariat's OpenID Connect provider, for officers and"
    " auditors; one that the provider bound to a key is shown as `DPoP`, with a proof.",
}
_COMPONENTS: dict[str, dict[str, Any]] = {
    "securitySchemes": {
        "dpop": {
            "type": "http",
            "scheme": "DPoP",
            "description": "An access token of this service's `/oauth/token`, bound to a key, with"
            " a fresh DPoP proof by that key in the header `DPoP` (RFC 9449); Ed25519 only.",
        }
    },
    "schemas": {
        "Finding": {
            "type": "object",
            "required": ["rule", "severity", "pointer", "message"],
            "properties": {field.name: _TEXT for field in fields(Finding)}
            | {
                "severity": {"enum": [str(severity) for severity in Severity]},
                "args": {"type": "object", "additionalProperties": _TEXT},
            },
        },
        "Problem": {
            "type": "object",
            "required": ["type", "title", "status", "code"],
            "properties": {
                "type": {"enum": [f"{TYPE_PREFIX}{code}" for code in _OVER_HTTP]},
                "title": _TEXT,
                "status": {"type": "integer"},
                "code": {"enum": _OVER_HTTP},
                "detail": _TEXT,
                "expected": _TEXT,
                "received": _TEXT,
                "fix": {"type": "string", "description": "The next step."},
                "trace_id": {"type": "string", "description": "Quote it to the operator."},
                "findings": {"type": "array", "items": {"$ref": "#/components/schemas/Finding"}},
                "evidence": {"type": "object", "additionalProperties": _TEXT},
            },
        },
    },
}


def answer(description: str, media_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return what a route says of an answer that no model describes."""
    return {"description": description, "content": {media_type: {"schema": schema}}}


def binary(description: str, media_type: str) -> dict[str, Any]:
    """Return what a route says of an answer in bytes."""
    return answer(description, media_type, {"type": "string", "format": "binary"})


JOSE_TYPE = "application/jose+json"
_JWS = {  # RFC 7515 section 7.2.1, as `protocol.jws` allows it
    "type": "object",
    "required": ["payload", "signatures"],
    "additionalProperties": False,
    "properties": {
        "payload": _TEXT,
        "signatures": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["protected", "signature"],
                "additionalProperties": False,
                "properties": {"protected": _TEXT, "signature": _TEXT},
            },
        },
    },
}


def jws(description: str) -> dict[str, Any]:
    """Return what a route says of an answer that is a signed document."""
    return answer(description, JOSE_TYPE, _JWS)


_JSON = "application/json"
_CHECKS = {"type": "object", "additionalProperties": _TEXT}
_READINESS = {
    "type": "object",
    "required": ["ready", "checks", "notes"],
    "properties": {"ready": {"type": "boolean"}, "checks": _CHECKS, "notes": _CHECKS},
}
HEALTH: Responses = {
    200: answer(
        "The event loop turns",
        _JSON,
        {"type": "object", "required": ["status"], "properties": {"status": {"const": "ok"}}},
    )
}
READINESS: Responses = {
    200: answer("Ready", _JSON, _READINESS),
    503: {
        "description": "Not ready, with each check; or stopping",
        "content": {_JSON: {"schema": _READINESS}, **PROBLEM["content"]},
    },
}
TOKEN: Responses = {
    200: answer(
        "An access token bound to the key of the proof",
        _JSON,
        {
            "type": "object",
            "required": ["access_token", "token_type", "expires_in"],
            "properties": {
                "access_token": _TEXT,
                "token_type": {"const": "DPoP"},
                "expires_in": {"type": "integer", "description": "Seconds."},
            },
        },
    )
}
_FORM_FIELDS = ("grant_type", "client_assertion_type", "client_assertion")
TOKEN_REQUEST: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-www-form-urlencoded": {
                "schema": {
                    "type": "object",
                    "required": list(_FORM_FIELDS),
                    "properties": dict.fromkeys(_FORM_FIELDS, _TEXT)
                    | {"grant_type": {"const": "client_credentials"}},
                }
            }
        },
    },
    "parameters": [
        {
            "name": "DPoP",
            "in": "header",
            "required": True,
            "description": "A fresh proof by the key that the token is to be bound to (RFC 9449).",
            "schema": _TEXT,
        }
    ],
}


_STYLE = """
:root { color-scheme: light dark; --line: #8885; --soft: #8881; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin-top: 2rem; }
h3 { font-size: 1rem; font-weight: normal; margin-bottom: .3rem; }
details { border: 1px solid var(--line); border-radius: .4rem; margin: .4rem 0; }
summary { padding: .5rem .8rem; cursor: pointer; display: flex; gap: .8rem; flex-wrap: wrap; }
.method { font: bold .85rem ui-monospace, monospace; min-width: 3.5rem; }
.path { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
.tag { font-size: .8rem; border: 1px solid var(--line); border-radius: 1rem; padding: 0 .6rem; }
.body { padding: .2rem .8rem .8rem; border-top: 1px solid var(--line); }
pre { background: var(--soft); padding: .6rem; overflow: auto; border-radius: .4rem; }
table { border-collapse: collapse; } td, th { text-align: left; padding: .1rem .8rem .1rem 0; }
"""
_SCRIPT = """
const el = (name, text, cls) => { const e = document.createElement(name);
  if (text !== undefined) e.textContent = text; if (cls) e.className = cls; return e; };
const table = (rows) => { const t = el('table');
  for (const row of rows) { const r = el('tr'); t.append(r);
    for (const c of row) r.append(el('td', c)); }
  return t; };
fetch('/openapi.json').then(r => r.json()).then(api => {
  document.getElementById('about').textContent = api.info.description || '';
  if (api.components.securitySchemes.bearer) document.getElementById('people').textContent =
    ', or the token of a person who signed in at the Secretariat\u2019s provider';
  const main = document.getElementById('routes'); main.textContent = '';
  for (const [path, item] of Object.entries(api.paths))
  for (const [method, op] of Object.entries(item)) {
    const guard = op['x-sextant-action'] || 'open';
    const box = el('details'), head = el('summary'), body = el('div', undefined, 'body');
    head.append(el('span', method.toUpperCase(), 'method'), el('span', path, 'path'),
      el('span', guard, 'tag'));
    body.append(el('p', op.description || op.summary || ''));
    const params = (op.parameters || []).map(p => [p.name, p.in, p.required ? 'required' : '',
      p.description || '']);
    if (params.length) body.append(el('h2', 'Parameters'), table(params));
    if (op.requestBody) {
      const kept = (key, value) => key === 'examples' ? undefined : value;
      body.append(el('h2', 'Body'), el('pre', JSON.stringify(op.requestBody.content, kept, 1)));
      for (const { examples } of Object.values(op.requestBody.content))
      for (const [name, { value }] of Object.entries(examples || {}))
        body.append(el('h3', 'Example: ' + name), el('pre', JSON.stringify(value, null, 1)));
    }
    body.append(el('h2', 'Answers'), table(Object.entries(op.responses || {}).map(([s, r]) =>
      [s, r.description])));
    box.append(head, body); main.append(box);
  }
});
"""
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>__TITLE__</title>
<style>__STYLE__</style></head><body>
<h1>__TITLE__</h1><p id="about"></p>
<p><a href="/openapi.json">openapi.json</a>. Closed routes need a DPoP-bound access token
from <code>POST /oauth/token</code><span id="people"></span>.</p>
<main id="routes">Loading…</main>
<script>__SCRIPT__</script></body></html>
"""
PAGE_POLICY = (
    f"default-src 'none'; script-src {hash_of(_SCRIPT)}; style-src {hash_of(_STYLE)};"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types 'none'"
)


def complete(document: dict[str, Any], *, people: bool = False) -> dict[str, Any]:
    """Return `document` with the components that all routes refer to; also when it has them.

    With `people` each route that demands a caller may be asked with a person's token as well.
    """
    components = document.setdefault("components", {})
    for kind, members in _COMPONENTS.items():
        components[kind] = {**components.get(kind, {}), **members}
    if people:
        components["securitySchemes"][BEARER] = _BEARER
        for item in document["paths"].values():
            for operation in item.values():
                if operation.get("security"):
                    operation["security"] = [{"dpop": []}, {BEARER: []}]
    return document


def summary_of(endpoint: Callable[..., Any]) -> str:
    """Return the first sentence of an endpoint's description, as its title in the documents."""
    first = (endpoint.__doc__ or endpoint.__name__).strip().partition("\n")[0]
    return first.partition(". ")[0].rstrip(".")


def operation_id(route: APIRoute) -> str:
    """Return a name of the operation that clients may be generated by: stable and unique."""
    return f"{route.tags[0]}_{route.name}" if route.tags else route.name


def page(title: str) -> str:
    """Return the page that renders this service's `openapi.json`."""
    filled = _PAGE.replace("__STYLE__", _STYLE).replace("__SCRIPT__", _SCRIPT)
    return filled.replace("__TITLE__", title)
