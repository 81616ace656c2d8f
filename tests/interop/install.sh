#!/usr/bin/env bash
# Installs the npm packages of the interop tests where they are missing or not those of package-lock.json.
set -euo pipefail
cd "$(dirname "$0")"
if ! cmp -s package-lock.json node_modules/.installed-lock; then
  echo "interop: installing the npm packages" >&2
  npm ci --no-audit --no-fund --loglevel=error >&2
  cp package-lock.json node_modules/.installed-lock
fi
