#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# stranger.sh KIND BUILD_DIR COMPILER COMPONENTS: builds and runs the project in tests/package/KIND against this source tree or what BUILD_DIR installs.
set -euo pipefail
kind=$1 build=$2 compiler=$3 components=$4
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
work=$build/stranger/$kind
rm -rf "$work"
mkdir -p "$work"

options=(-DCMAKE_CXX_COMPILER="$compiler" -DCMAKE_BUILD_TYPE=Debug)
if command -v ccache >/dev/null; then
  options+=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
fi
if [[ $kind == find_package ]]; then
  for component in $components; do
    cmake --install "$build" --prefix "$work/installed" --component "$component" >/dev/null
  done
  options+=(-Dsteward_ROOT="$work/installed" -DCOMPONENTS="${components// /;}")
else
  options+=(-DSTEWARD_SOURCE="$here/../..")
fi

cmake -G Ninja -S "$here/$kind" -B "$work/build" "${options[@]}"
ninja -C "$work/build" -j 2
"$work/build/stranger"
