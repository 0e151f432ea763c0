# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154  # variables of the other sourced files
#
# The checks of ./dev lint and ./dev check: each runs to its end, and a table closes. Sourced by ./dev.

checks=()    # "exit code|name|seconds|detail"
last_check=0 # exit code of the last one

# run_check NAME COMMAND…
run_check() {
  local name=$1 began=$SECONDS
  shift
  step "$name"
  rm -f build/.detail
  # Not in a condition: there set -e is off inside the command, and a failure in its middle would be lost.
  set +e
  (
    set -e
    "$@"
  )
  last_check=$?
  set -e
  add_check "$name" "$last_check" $((SECONDS - began))
}

# add_check NAME EXIT_CODE SECONDS
add_check() { checks+=("$2|$1|$3|$(cat build/.detail 2>/dev/null || true)"); }

# detail TEXT: what the running check wants to have in the table, such as "12 passed, 0 failed".
detail() { echo "$1" >build/.detail; }

# Ours, committed or not. The owner of the folder may be another user than the one who checks.
sources() {
  git -c safe.directory='*' ls-files --cached --others --exclude-standard -- '*.hpp' '*.cpp' | while read -r file; do
    [[ ! -e $file ]] || echo "$file"
  done
}

format_sources() { sources | xargs -r clang-format-19 -i; }

check_format() {
  local count
  count=$(sources | wc -l)
  sources | xargs -r clang-format-19 --dry-run --Werror --ferror-limit=5 || die "./dev format puts this right"
  detail "$count files"
}

check_laws() { python3 tools/check_laws.py; }

check_headers() { tools/check_headers.sh "$jobs"; }

# No checked preset builds the benchmarks, and nobody runs them every day.
check_benchmarks() {
  local folders=(-Iinclude -Itesting/include -Ibench) root
  for root in adapters/*/include; do folders+=("-I$root"); done
  printf '%s\0' bench/*.cpp bench/common/*.cpp |
    xargs -0 -P "$jobs" -n 1 clang++-19 -std=c++23 -fsyntax-only -Wall -Wextra -Wconversion -Wshadow -Werror "${folders[@]}"
}

check_tidy() {
  lock_preset lint
  configure_preset lint
  unlock_preset
  python3 tools/tidy.py build/lint "$jobs"
}

run_lint() {
  mkdir -p build
  run_check "laws" check_laws
  run_check "format" check_format
  run_check "headers stand alone" check_headers
  run_check "benchmarks compile" check_benchmarks
  run_check "clang-tidy" check_tidy
}

# The table, then "N passed, N failed": test cases where a check ran tests, the check itself elsewhere.
finish_checks() {
  local passed=0 failed=0 entry code name seconds text verdict
  step "summary"
  for entry in "${checks[@]}"; do
    IFS='|' read -r code name seconds text <<<"$entry"
    verdict=ok
    ((code == 0)) || verdict=FAILED
    printf '  %-7s %-22s %5d s  %s\n' "$verdict" "$name" "$seconds" "$text"
    if [[ $text =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
      passed=$((passed + BASH_REMATCH[1]))
      failed=$((failed + BASH_REMATCH[2]))
      ((code == 0 || BASH_REMATCH[2] > 0)) || failed=$((failed + 1))
    elif ((code == 0)); then
      passed=$((passed + 1))
    else
      failed=$((failed + 1))
    fi
  done
  echo "$passed passed, $failed failed"
  ((failed == 0))
}
