#!/bin/sh
# Installs the npm packages when package-lock.json asks for something that node_modules does not hold.
set -eu
cd "$(dirname "$0")/.."
command -v node >/dev/null || { echo 'Node 20 or newer is needed; see https://nodejs.org/en/download' >&2; exit 1; }
command -v npm >/dev/null || { echo 'npm is needed; it comes with Node, see https://nodejs.org/en/download' >&2; exit 1; }
if ! node tools/setup-is-current.mjs; then
  echo 'installing npm packages (the first time takes a minute or two) ...'
  # Versions and checksums come from package-lock.json and the file stays as it is. Not "npm ci": it refuses a lock file that
  # was written where the registry holds the binaries of some platforms only.
  npm install --no-save --no-audit --no-fund --loglevel=error
fi
node_modules/.bin/node --version >/dev/null 2>&1 || {
  echo 'the pinned Node did not install; run: npm rebuild node' >&2
  exit 1
}
