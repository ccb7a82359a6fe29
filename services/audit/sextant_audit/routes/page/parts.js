// Small pieces that the page is made of. Text is always set as text: nothing read from anywhere becomes markup.
import { W } from './words.js';

export const at = (id) => document.getElementById(id);
export const fill = (id, ...parts) => at(id).replaceChildren(...parts);

/** Returns an element with attributes and children. */
export function make(name, attributes = {}, children = []) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...[children].flat());
  return node;
}

/** Returns the parts of a sentence in which `this` is a command. */
export const rich = (sentence) => sentence.split('`').map((part, i) => (i % 2 === 0 ? part : make('code', {}, part)));

/** Say each of these sentences, or nothing, in a place that is read out when it changes. */
export const tell = (id, sentences) => fill(id, ...sentences.map((sentence) => make('p', {}, rich(sentence))));

/** Ask the log one of its public routes. Returns null for a status that is expected to say no. */
export async function ask(path, as, expected = []) {
  let answer;
  try {
    answer = await fetch(path, { credentials: 'omit', redirect: 'error', cache: 'no-cache' });
  } catch {
    throw new Error(W.page.unreachable);
  }
  if (expected.includes(answer.status)) return null;
  if (!answer.ok) throw new Error(W.page.status(answer.status));
  return answer[as]();
}
