#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# check_headers.sh [JOBS]: every public header compiles alone, and sees only the folders that its layer may see. In CI those are left out that a source
# includes before anything else: it has been compiled by then, three times, without precompiled headers and with the folders of its layer.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
jobs=${1:-2}

first_includes=$(grep -hm1 -oP '^#include "\K[^"]+' src/*.cpp adapters/*/src/*.cpp testing/src/*.cpp)

# "<include folders> <header>" for each public header.
headers() {
  local root folders header
  for root in include testing/include adapters/*/include; do
    [[ -d $root ]] || continue
    folders="-Iinclude -I$root"
    [[ $root == adapters/program/include ]] && folders+=" -Iadapters/asio/include"
    find "$root" -name '*.hpp' | sort | while read -r header; do
      [[ ${CI:-} == true ]] && grep -qxF "${header#"$root"/}" <<<"$first_includes" && continue
      echo "$folders ${header#"$root"/}"
    done
  done
}

check_one() {
  local header=${*: -1} folders=("${@:1:$#-1}")
  echo "#include \"$header\"" |
    clang++-19 -std=c++23 -fsyntax-only -Wall -Wextra -Wpedantic -Werror "${folders[@]}" -x c++ - ||
    { echo "$header does not compile alone" >&2 && exit 1; }
}
export -f check_one

headers | xargs -r -P "$jobs" -I{} bash -c 'check_one {}'
echo "      $(headers | wc -l) headers"
