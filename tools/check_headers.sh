#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# check_headers.sh [JOBS]: every public header compiles alone under both compilers, and sees only the folders that its layer may see.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
jobs=${1:-2}

# "<include folders> <header>" for each public header.
headers() {
  local root folders header
  for root in include testing/include adapters/*/include; do
    [[ -d $root ]] || continue
    folders="-Iinclude -I$root"
    [[ $root == adapters/program/include ]] && folders+=" -Iadapters/asio/include"
    find "$root" -name '*.hpp' | sort | while read -r header; do
      echo "$folders ${header#"$root"/}"
    done
  done
}

check_one() {
  local compiler=$1
  shift
  local header=${*: -1} folders=("${@:1:$#-1}")
  echo "#include \"$header\"" |
    "$compiler" -std=c++23 -fsyntax-only -Wall -Wextra -Wpedantic -Werror "${folders[@]}" -x c++ - ||
    { echo "$header does not compile alone with $compiler" >&2 && exit 1; }
}
export -f check_one

for compiler in clang++-19 g++-12; do
  # shellcheck disable=SC2016
  headers | xargs -r -P "$jobs" -I{} bash -c 'check_one '"$compiler"' {}'
done
echo "      $(headers | wc -l) headers, clang++-19 and g++-12"
