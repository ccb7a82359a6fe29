// Draws the growth of the log as an SVG of steps, and says the same as a table.
import { instant, number, W } from './words.js';

const SVG = 'http://www.w3.org/2000/svg';
const [WIDTH, HEIGHT] = [640, 240];
const PLOT = { left: 64, right: 16, top: 16, bottom: 34 };

function element(name, attributes, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  if (text !== undefined) node.textContent = text;
  return node;
}

/** Round numbers from 0 to at least `most`, about four of them. */
export function ticks(most) {
  const rough = Math.max(most, 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 5, 10].map((factor) => factor * power).find((value) => value >= rough));
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, i) => i * step);
}

/** The corners of the steps: the tree keeps its size until the next head. */
export function steps(points, until) {
  const corners = points.flatMap(({ time, size }, i) => (i === 0 ? [[time, size]] : [[time, points[i - 1].size], [time, size]]));
  return [...corners, [Math.max(until, points.at(-1).time), points.at(-1).size]];
}

/** A time as short as tells the two ends of the axis apart. */
const label = (time, span) => instant(time).slice(0, span < 600 ? 19 : span < 172_800 ? 16 : 10);

/** Fill `svg` with the growth up to the time `until`. */
export function draw(svg, points, until) {
  svg.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
  svg.replaceChildren(element('title', { id: 'growth-title' }, W.page.growth), element('desc', { id: 'growth-desc' }, W.page.chart(points)));
  if (points.length === 0) return;
  const levels = ticks(points.at(-1).size);
  const [start, end] = [points[0].time, Math.max(until, points.at(-1).time, points[0].time + 1)];
  const x = (time) => PLOT.left + ((time - start) / (end - start)) * (WIDTH - PLOT.left - PLOT.right);
  const y = (size) => HEIGHT - PLOT.bottom - (size / levels.at(-1)) * (HEIGHT - PLOT.top - PLOT.bottom);
  for (const level of levels) {
    svg.append(
      element('line', { class: 'grid', x1: PLOT.left, x2: WIDTH - PLOT.right, y1: y(level), y2: y(level) }),
      element('text', { class: 'tick', x: PLOT.left - 8, y: y(level) + 4, 'text-anchor': 'end' }, number(level)),
    );
  }
  for (const [time, anchor] of [[start, 'start'], [end, 'end']]) {
    svg.append(element('text', { class: 'tick', x: x(time), y: HEIGHT - 10, 'text-anchor': anchor }, label(time, end - start)));
  }
  const corners = steps(points, end).map(([time, size]) => `${x(time).toFixed(1)},${y(size).toFixed(1)}`);
  const floor = `${x(end).toFixed(1)},${y(0)} ${x(start).toFixed(1)},${y(0)}`;
  svg.append(element('polygon', { class: 'area', points: `${corners.join(' ')} ${floor}` }));
  svg.append(element('polyline', { class: 'curve', points: corners.join(' ') }));
  const newest = points.at(-1);
  svg.append(element('circle', { class: 'newest', cx: x(end), cy: y(newest.size), r: 4 }));
}

/** The same as text, for people and spreadsheets. */
export function csv(points) {
  return ['time,size,root', ...points.map(({ time, size, root }) => `${new Date(time * 1000).toISOString()},${size},${root}`), ''].join('\r\n');
}
