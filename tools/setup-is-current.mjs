// Run by whatever Node the machine has (20 or newer), before the pinned one exists: plain JavaScript, no packages.
// npm keeps what it installed in node_modules/.package-lock.json; comparing versions is exact and survives a checkout
// that only touches file times.
import { existsSync, readFileSync } from 'node:fs';

const read = (file) => JSON.parse(readFileSync(file, 'utf8')).packages;
const installedFile = 'node_modules/.package-lock.json';

function isCurrent() {
  if (!existsSync(installedFile) || !existsSync('node_modules/.bin/node')) return false;
  const installed = read(installedFile);
  return Object.entries(read('package-lock.json')).every(([path, wanted]) => {
    if (!path.startsWith('node_modules/') || wanted.optional || wanted.devOptional || wanted.peer) return true;
    return wanted.link ? existsSync(path) : installed[path]?.version === wanted.version;
  });
}

process.exitCode = isCurrent() ? 0 : 1;
