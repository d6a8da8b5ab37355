#!/bin/sh
# packages.sh <Debian package>...  installs those whose program is missing: with apt-get as root, else it prints the command.
set -eu
program() {
  case "$1" in
    haproxy | pgbouncer) PATH="$PATH:/usr/sbin" command -v "$1" ;;
    chromium) command -v chromium || command -v chromium-browser || command -v google-chrome ;;
    fonts-noto-color-emoji) ls /usr/share/fonts/truetype/noto/NotoColorEmoji.ttf 2>/dev/null ;;
    libfaketime) ls /usr/lib/*/faketime/libfaketimeMT.so.1 2>/dev/null ;;
    *) command -v "$1" ;;
  esac
}
missing=''
for package in "$@"; do
  program "$package" >/dev/null || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  echo "missing:$missing; run: sudo apt-get update && sudo apt-get install -y --no-install-recommends$missing" >&2
  exit 1
fi
echo "installing$missing ..."
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends $missing >/dev/null
