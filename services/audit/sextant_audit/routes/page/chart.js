// Draws the growth of the log as an SVG of steps, and says the same as a table.
import { instant, number, W } from './words.js';

const SVG = 'http://www.w3.org/2000/svg';
const HEIGHT = 240;
const [NARROWEST, DIGIT] = [240, 8]; // pixels: of the whole, and of one digit beside the axis

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
function label(time, span) {
  const text = instant(time);
  if (span < 600) return text.slice(11, 19);
  return span < 172_800 ? text.slice(5, 16) : text.slice(0, 10);
}

/** Fill `svg`, as wide as it stands, with the growth up to the time `until`. */
export function draw(svg, points, until) {
  const width = Math.max(NARROWEST, svg.clientWidth);
  svg.setAttribute('viewBox', `0 0 ${width} ${HEIGHT}`);
  svg.replaceChildren(element('title', { id: 'growth-title' }, W.page.growth), element('desc', { id: 'growth-desc' }, W.page.chart(points)));
  if (points.length === 0) return;
  const levels = ticks(points.at(-1).size);
  const plot = { left: 14 + DIGIT * number(levels.at(-1)).length, right: width - 10, top: 14, bottom: HEIGHT - 32 };
  const [start, end] = [points[0].time, Math.max(until, points.at(-1).time, points[0].time + 1)];
  const x = (time) => plot.left + ((time - start) / (end - start)) * (plot.right - plot.left);
  const y = (size) => plot.bottom - (size / levels.at(-1)) * (plot.bottom - plot.top);
  for (const level of levels) {
    svg.append(
      element('line', { class: 'grid', x1: plot.left, x2: plot.right, y1: y(level), y2: y(level) }),
      element('text', { class: 'tick', x: plot.left - 8, y: y(level) + 4, 'text-anchor': 'end' }, number(level)),
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
