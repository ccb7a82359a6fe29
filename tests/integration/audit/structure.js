// What a screen reader and a keyboard need of a page, as far as a program can tell. Run as a function's body.
const faults = [];
const say = (bad, what) => { if (bad) faults.push(what); };
const all = (selector) => [...document.querySelectorAll(selector)];
say(document.documentElement.lang === '', 'no language');
say(document.title === '', 'no title');
say(all('h1').length !== 1, 'not one h1');
const levels = all('h1, h2, h3, h4').filter((h) => h.checkVisibility()).map((h) => +h.tagName[1]);
levels.forEach((level, i) => say(i > 0 && level > levels[i - 1] + 1, `a heading skips to ${level}`));
const named = (node) => node.labels?.length > 0 || node.ariaLabel || node.getAttribute('aria-labelledby');
all('input, textarea').forEach((node) => say(!named(node), `${node.id} has no label`));
all('button, a').forEach((node) => say(node.textContent.trim() === '', 'a control without a name'));
all('img').forEach((node) => say(node.alt === null, 'an image without alt'));
all('svg').forEach((node) => say(!node.getAttribute('role'), 'a picture without a role'));
all('fieldset').forEach((node) => say(!node.querySelector('legend'), 'a group without a legend'));
all('th').forEach((node) => say(!node.scope, 'a heading cell without a scope'));
for (const name of ['aria-labelledby', 'aria-describedby', 'for'])
  for (const node of all(`[${name}]`))
    for (const id of node.getAttribute(name).split(' ')) say(!document.getElementById(id), `no ${id}`);
const ids = all('[id]').map((node) => node.id);
say(new Set(ids).size !== ids.length, 'an id stands twice');
for (const place of ['main', 'header', 'footer', 'nav']) say(all(place).length !== 1, `not one ${place}`);
return faults;
