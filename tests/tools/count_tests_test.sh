#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What tools/count_tests.sh makes of programs that pass, fail, crash, hang, break after their last case, or never ran.
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0

# log NAME EXIT_CODE <<< output: what run_suite.sh would have kept.
log() {
  mkdir -p "$work/results"
  cat >"$work/results/$1.log"
  [[ $2 == none ]] || echo "$2" >"$work/results/$1.rc"
  echo "build/$1 " >"$work/results/$1.cmd"
  echo "$1" >>"$work/expected"
}

# closes WITH EXIT_CODE [TEXT…]: the last line, the exit code, and what must be printed before.
closes() {
  local code=0 output last wanted=$1 wanted_code=$2 text
  shift 2
  output=$("$here/../../tools/count_tests.sh" "$work/results" "$work/expected") || code=$?
  last=$(tail -n 1 <<<"$output")
  if [[ $last != "$wanted" || $code != "$wanted_code" ]]; then
    printf 'wanted "%s" and %s, got "%s" and %s\n' "$wanted" "$wanted_code" "$last" "$code"
    bad=1
  fi
  for text in "$@"; do
    grep -qF -- "$text" <<<"$output" || { printf 'not printed: %s\n%s\n' "$text" "$output" && bad=1; }
  done
  rm -rf "$work/results" "$work/expected"
}

log good 0 <<'LOG'
[==========] Running 2 tests from 1 test suite.
[ RUN      ] Chain.Starts
some output without an end of line[       OK ] Chain.Starts (0 ms)
[ RUN      ] Grid/Chain.Stops/1
[       OK ] Grid/Chain.Stops/1, where GetParam() = 3 (12 ms)
[==========] 2 tests from 1 test suite ran. (12 ms total)
[  PASSED  ] 2 tests.
LOG
log plain 0 <<<"a program that is no GoogleTest"
closes "3 passed, 0 failed" 0

log one 1 <<'LOG'
[==========] Running 2 tests from 1 test suite.
[ RUN      ] Chain.Starts
[       OK ] Chain.Starts (0 ms)
[ RUN      ] Grid/Chain.Stops/1
x_test.cpp:3: Failure
[  FAILED  ] Grid/Chain.Stops/1, where GetParam() = (3, 4) (0 ms)
[==========] 2 tests from 1 test suite ran. (0 ms total)
[  PASSED  ] 1 test.
[  FAILED  ] 1 test, listed below:
[  FAILED  ] Grid/Chain.Stops/1, where GetParam() = (3, 4)
LOG
closes "1 passed, 1 failed" 1 "build/one --gtest_filter='Grid/Chain.Stops/1'"

log crash 134 <<'LOG'
[==========] Running 4 tests from 1 test suite.
[ RUN      ] Chain.Starts
[       OK ] Chain.Starts (0 ms)
[ RUN      ] Chain.Crashes
terminate called
LOG
closes "1 passed, 3 failed" 1 "Chain.Crashes" "crash (not reached)"

log hang none <<'LOG'
[==========] Running 1 test from 1 test suite.
[ RUN      ] Chain.Hangs
LOG
closes "0 passed, 1 failed" 1 "Chain.Hangs"

log leak 23 <<'LOG'
[==========] Running 1 test from 1 test suite.
[ RUN      ] Chain.Leaks
[       OK ] Chain.Leaks (0 ms)
[==========] 1 test from 1 test suite ran. (0 ms total)
[  PASSED  ] 1 test.
ERROR: LeakSanitizer: detected memory leaks
LOG
closes "1 passed, 1 failed" 1 "exit code 23 after the last case"

log silent 0 <<'LOG'
[==========] Running 1 test from 1 test suite.
[ RUN      ] Chain.Exits
[       OK ] Chain.Exits (0 ms)
LOG
closes "1 passed, 1 failed" 1 "ended early"

log skips 0 <<'LOG'
[==========] Running 2 tests from 1 test suite.
[ RUN      ] Chain.Starts
[       OK ] Chain.Starts (0 ms)
[ RUN      ] Program.NeedsNginx
[  SKIPPED ] Program.NeedsNginx (0 ms)
[==========] 2 tests from 1 test suite ran. (0 ms total)
LOG
closes "1 passed, 0 failed" 0 "Program.NeedsNginx"

log plain_bad 3 <<<"a program that is no GoogleTest"
closes "0 passed, 1 failed" 1 "plain_bad"

mkdir -p "$work/results"
echo "ghost" >"$work/expected"
closes "0 passed, 1 failed" 1 "ghost (did not run)"

mkdir -p "$work/results"
: >"$work/expected"
closes "0 passed, 0 failed" 1

log empty 0 <<'LOG'
[==========] Running 0 tests from 0 test suites.
[==========] 0 tests from 0 test suites ran. (0 ms total)
[  PASSED  ] 0 tests.
LOG
closes "0 passed, 0 failed" 1

exit $bad
