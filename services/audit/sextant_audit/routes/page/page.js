// The page for people: shows what the log's public routes say. Verifying receipts is `form.js`.
import { b64, fromB64 } from './bytes.js';
import { csv, draw } from './chart.js';
import { parseCheckpoint, claimedTime } from './notes.js';
import { at, ask, fill, make, tell } from './parts.js';
import { setUpForm } from './form.js';
import { instant, number, W } from './words.js';

const NOT_FOUND = 404;
const held = { points: [] };

async function showHead() {
  const source = await ask('/checkpoint', 'text');
  const head = parseCheckpoint(source, W.page.head);
  const time = Number(claimedTime(head));
  const age = Math.round(Date.now() / 1000) - time;
  fill('origin', head.origin);
  fill('size', number(head.size));
  fill('size-more', '');
  fill('signed', instant(time));
  fill('age', age < -5 ? W.page.ahead : W.page.ago(age));
  fill('meaning', W.page.meaning(head.size, instant(time)));
  fill('head-size', String(head.size));
  fill('head-root', b64(head.root));
  fill('checkpoint', source);
  Object.assign(held, { time, size: head.size });
}

async function showGrowth() {
  const growth = await ask('/v1/growth', 'json');
  held.points = growth.points;
  showChart();
  fill('growth-text', W.page.chart(growth.points), ' ', W.page.rows(growth.points.length, growth.step));
  at('growth-rows').replaceChildren(...growth.points.map(({ time, size, root }) => make('tr', {}, [
    make('td', {}, instant(time)), make('td', { class: 'count' }, number(size)), make('td', { class: 'mono' }, root),
  ])));
}

const showChart = () => draw(at('chart'), held.points, Math.max(held.time ?? 0, held.points.at(-1)?.time ?? 0));

async function showWitnesses() {
  const report = await ask('/v1/witnesses', 'json', [NOT_FOUND]);
  at('witness-table').hidden = report === null || report.witnesses.length === 0;
  if (report === null) {
    fill('quorum', W.page.noWitnesses);
    fill('witnesses-text', W.page.witnessesNone);
    return;
  }
  const behind = report.size - report.witnessed_size;
  const never = report.witnessed_size === 0;
  fill('quorum', never ? W.page.quorumNever : behind === 0 ? W.page.quorumMet : W.page.quorumBehind(behind));
  fill('quorum-more', W.page.upToDate(report.witnesses.filter(isCurrent).length, report.witnesses.length));
  fill('witnesses-text', W.page.quorumText(report.quorum, report.witnessed_size, report.size));
  at('witness-rows').replaceChildren(...report.witnesses.map(rowOf));
}

const isCurrent = (witness) => witness.lag === 0 && witness.fault === '';

function rowOf(witness) {
  const words = W.page.witness;
  const cell = (label, text, classes = '') => make('td', { role: 'cell', class: classes, 'data-label': label }, text);
  const since = witness.time === null ? words.never : words.since(Date.now() / 1000 - witness.time);
  const state = isCurrent(witness) ? 'held' : witness.fault === '' ? 'unchecked' : 'failed';
  const said = make('span', {}, [make('span', { class: `state-${state}`, 'aria-hidden': 'true' }, `${W.marks[state]} `), witness.fault || words[state]]);
  return make('tr', { role: 'row' }, [
    make('th', { scope: 'row', role: 'rowheader' }, witness.name),
    cell(words.columns[0], words.cosigned(witness.size), 'count'),
    cell(words.columns[1], witness.lag === 0 ? words.none : W.page.entries(witness.lag), 'count'),
    cell(words.columns[2], since),
    cell(words.columns[3], said),
  ]);
}

async function showKeys() {
  const found = await ask('/.well-known/sextant-log', 'json');
  held.keys = found;
  at('key-list').replaceChildren(...found.vkeys.flatMap((vkey) => {
    const [name, id, ...rest] = vkey.split('+');
    const type = fromB64(rest.join('+'))[0];
    const whole = make('details', {}, [make('summary', {}, W.page.wholeKey), make('p', { class: 'mono' }, vkey)]);
    const short = make('p', { class: 'mono' }, [`${name}+`, make('mark', {}, id), '+…']);
    return [make('dt', {}, W.page.keyType[type] ?? W.vkey.type(type)), make('dd', {}, [short, whole])];
  }));
}

async function showAll() {
  const parts = [[showHead, W.page.head], [showGrowth, W.page.growth], [showWitnesses, W.page.witnesses], [showKeys, W.page.keys]];
  const troubles = [];
  for (const [show, name] of parts) {
    try {
      await show();
    } catch (error) {
      troubles.push(W.page.failed(name, error.message));
    }
  }
  tell('troubles', troubles);
}

async function copy() {
  try {
    await navigator.clipboard.writeText(at('checkpoint').textContent);
    fill('copied', W.page.copied);
  } catch {
    fill('copied', W.page.notCopied);
  }
}

function save() {
  const address = URL.createObjectURL(new Blob([csv(held.points)], { type: 'text/csv' }));
  make('a', { href: address, download: W.page.csv }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000); // some browsers read it only then
}

at('refresh').addEventListener('click', showAll);
at('copy').addEventListener('click', copy);
at('csv').addEventListener('click', save);
new ResizeObserver(showChart).observe(at('chart').parentElement);
setUpForm();
await showAll();
document.documentElement.dataset.ready = 'yes';
