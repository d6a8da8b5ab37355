import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Person, screenshot, settled } from './_browser.ts';
import { twoFrames } from './_web.ts';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Violation {
  id: string;
  nodes: { html: string; failureSummary: string }[];
}

/** Outside of what the rules mean: a guard hands the focus on at once, and an open menu belongs to its button, not to a landmark. */
const isKnown = (id: string, html: string) =>
  (id === 'aria-hidden-focus' && html.includes('data-base-ui-focus-guard')) || (id === 'region' && html.includes('role="menu"'));

/** No rule of axe is broken, best practices included, and nothing is wider than the page. */
export async function check(person: Person, name: string): Promise<void> {
  assert.deepEqual(await inspect(person, name), []);
}

/** What is wrong with what the page shows now. */
export async function inspect(person: Person, name: string): Promise<string[]> {
  const { page } = person;
  await settled(page);
  await twoFrames(page);
  await screenshot(person, name);
  // Not by a script element: the page's policy allows none of others.
  await page.evaluate(axeSource);
  const { violations } = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as { violations: Violation[] };
  const found = violations.flatMap(({ id, nodes }) =>
    nodes.flatMap(({ html, failureSummary }) => (isKnown(id, html) ? [] : [`${name}: ${id}: ${html}\n${failureSummary}`])),
  );
  const width = Number(await page.evaluate('document.documentElement.scrollWidth - innerWidth'));
  return width <= 0 ? found : [...found, `${name} is ${width} px wider than the screen`];
}
