#!/usr/bin/env bash
# Installs the Debian 12 packages that prooflode needs, if any is missing. Used by deploy/quickstart.sh and tests/run.sh.
#
#   tools/deps.sh build    compilers and libraries: enough to build and to run the quick start
#   tools/deps.sh test     the same, and what the tests need beside it (oracles, Node, Prometheus, fuzzers)
#
# Runs as root, or as a user with sudo. Does nothing, and needs no rights, where everything is installed already.
set -euo pipefail

build_packages=(
  build-essential cmake ninja-build pkg-config git ca-certificates python3
  libabsl-dev libgrpc++-dev protobuf-compiler protobuf-compiler-grpc libprotobuf-dev
  libssl-dev libspdlog-dev libfmt-dev libcli11-dev libtomlplusplus-dev nlohmann-json3-dev
  libsqlite3-dev prometheus-cpp-dev libcivetweb-dev libcurl4-openssl-dev
)
test_packages=(
  libgtest-dev libgmock-dev libgmp-dev openssl
  clang clang-format libclang-rt-14-dev prometheus procps curl
)

case "${1:-}" in
  build) wanted=("${build_packages[@]}") ;;
  test) wanted=("${build_packages[@]}" "${test_packages[@]}") ;;
  *) sed -n '2,8p' "$0" >&2; exit 2 ;;
esac

missing=()
for package in "${wanted[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing+=("$package")
done
# Node from any source will do; Debian's own where there is none (its npm conflicts with other vendors' nodejs).
if [[ $1 == test ]] && ! { command -v node && command -v npm; } >/dev/null; then missing+=(nodejs npm); fi
[[ ${#missing[@]} -gt 0 ]] || exit 0

root=()
if [[ $(id -u) -ne 0 ]]; then
  command -v sudo >/dev/null || { echo "deps: need root or sudo to install: ${missing[*]}" >&2; exit 1; }
  root=(sudo)
fi
echo "deps: installing ${missing[*]}" >&2
"${root[@]}" apt-get update -qq
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
