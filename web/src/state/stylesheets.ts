/** What passes quickly is over after the first few; then as patient as a server that starts anew. */
const RETRY_MS = [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 30_000];

const wait = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

/** A stylesheet that failed is null in some browsers, and in others empty or not to be read. */
function isMissing({ sheet }: HTMLLinkElement): boolean {
  try {
    return !sheet?.cssRules.length;
  } catch {
    return true;
  }
}

function loadAgain(link: HTMLLinkElement): Promise<void> {
  const copy = link.cloneNode() as HTMLLinkElement;
  const ended = new Promise<void>((done) => {
    for (const type of ['load', 'error']) copy.addEventListener(type, () => done());
  });
  link.replaceWith(copy);
  return ended;
}

/**
 * Asks again for stylesheets that failed to load, for about a minute: a browser asks once, and what lies over what is decided
 * by them, so that nothing in a dialog could be clicked. To be called by a module script, which runs when all of them have
 * loaded or failed.
 *
 * Resolves when none is missing, after `patienceMs` milliseconds at the latest; the attempts go on behind that.
 */
export function loadMissingStylesheets(patienceMs: number): Promise<void> {
  const attempts = async () => {
    for (const ms of RETRY_MS) {
      const missing = [...document.querySelectorAll<HTMLLinkElement>('link[rel=stylesheet]')].filter(isMissing);
      if (missing.length === 0) return;
      await wait(ms);
      await Promise.all(missing.map(loadAgain));
    }
  };
  return Promise.race([attempts(), wait(patienceMs)]);
}
