"""The API's page for people: self-contained, because machines of this kind are often air-gapped."""

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>__TITLE__</title>
<style>
:root { color-scheme: light dark; --line: #8885; --soft: #8881; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin-top: 2rem; }
details { border: 1px solid var(--line); border-radius: .4rem; margin: .4rem 0; }
summary { padding: .5rem .8rem; cursor: pointer; display: flex; gap: .8rem; flex-wrap: wrap; }
.method { font: bold .85rem ui-monospace, monospace; min-width: 3.5rem; }
.path { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
.tag { font-size: .8rem; border: 1px solid var(--line); border-radius: 1rem; padding: 0 .6rem; }
.body { padding: .2rem .8rem .8rem; border-top: 1px solid var(--line); }
pre { background: var(--soft); padding: .6rem; overflow: auto; border-radius: .4rem; }
table { border-collapse: collapse; } td, th { text-align: left; padding: .1rem .8rem .1rem 0; }
</style></head><body>
<h1>__TITLE__</h1><p id="about"></p>
<p><a href="/openapi.json">openapi.json</a>. Closed routes need a DPoP-bound access token
from <code>POST /oauth/token</code>.</p>
<main id="routes">Loading…</main>
<script>
const el = (name, text, cls) => { const e = document.createElement(name);
  if (text !== undefined) e.textContent = text; if (cls) e.className = cls; return e; };
const table = (rows) => { const t = el('table');
  for (const row of rows) { const r = el('tr'); t.append(r);
    for (const c of row) r.append(el('td', c)); }
  return t; };
fetch('/openapi.json').then(r => r.json()).then(api => {
  document.getElementById('about').textContent = api.info.description || '';
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
    if (op.requestBody) body.append(el('h2', 'Body'),
      el('pre', JSON.stringify(op.requestBody.content, null, 1)));
    body.append(el('h2', 'Answers'), table(Object.entries(op.responses || {}).map(([s, r]) =>
      [s, r.description])));
    box.append(head, body); main.append(box);
  }
});
</script></body></html>
"""


def page(title: str) -> str:
    """Return the page that renders this service's `openapi.json`."""
    return PAGE.replace("__TITLE__", title)
