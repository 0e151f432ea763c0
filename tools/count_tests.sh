#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# count_tests.sh RESULTS_DIR EXPECTED: counts the test cases from the output that tools/run_suite.sh kept, names those that failed and how to run
# them again, and closes with "N passed, N failed". EXPECTED lists the tests that ctest was to run, one a line. Exit code 1 if one failed or none ran.
set -euo pipefail
results=$1 expected=$2

# One line per verdict: "ok|failed|skipped <test> <case>". A case without a verdict ended with its program.
verdicts() {
  awk -v test="$1" -v code="$2" '
    function say(verdict, name) { print verdict, test, name; seen++; if (verdict == "failed") bad++ }
    match($0, /\[==========\] Running [0-9]+ tests?/) { split(substr($0, RSTART), word, " "); announced += word[3] }
    match($0, /\[ RUN      \] [^ ]+/) { running = substr($0, RSTART + 13, RLENGTH - 13) }
    match($0, /\[       OK \] [^ ]+ .*\([0-9]+ ms\)|\[       OK \] [^ ]+ \([0-9]+ ms\)/) { split(substr($0, RSTART + 13), word, "[ ,]"); say("ok", word[1]); running = "" }
    match($0, /\[  SKIPPED \] [^ ]+ \([0-9]+ ms\)/) { split(substr($0, RSTART + 13), word, "[ ,]"); say("skipped", word[1]); running = "" }
    match($0, /\[  FAILED  \] [^ ]+.*\([0-9]+ ms\)/) { split(substr($0, RSTART + 13), word, "[ ,]"); say("failed", word[1]); running = "" }
    /\[==========\] [0-9]+ tests? from .* ran\./ { finished = 1 }
    END {
      if (announced == "") { if (code == 0) say("ok", "-"); else say("failed", "-"); exit }
      if (running != "") say("failed", running)
      for (rest = announced - seen; rest > 0; rest--) say("failed", "(not reached)")
      if (!finished && !bad) say("failed", "(ended early)")
      else if (code != 0 && !bad) say("failed", "(exit code " code " after the last case)")
    }' "$results/$1.log"
}

all_verdicts() {
  local test
  while read -r test; do
    if [[ -f $results/$test.log ]]; then
      verdicts "$test" "$(cat "$results/$test.rc" 2>/dev/null || echo "none, killed or timed out,")"
    else
      echo "failed $test (did not run)"
    fi
  done <"$expected"
}

all_verdicts >"$results.verdicts"
passed=$(grep -c '^ok ' "$results.verdicts" || true)
failed=$(grep -c '^failed ' "$results.verdicts" || true)
skipped=$(grep -c '^skipped ' "$results.verdicts" || true)

if ((skipped)); then
  echo "Skipped:"
  awk '$1 == "skipped" { print "  " $3 }' "$results.verdicts"
fi
if ((failed)); then
  echo "Failed:"
  awk '$1 == "failed"' "$results.verdicts" | while read -r _ test case; do
    command=$(cat "$results/$test.cmd" 2>/dev/null || echo "ctest -R '^$test\$'")
    if [[ $case == *.* ]]; then
      echo "  $case    again: $command--gtest_filter='$case'"
    else
      echo "  $test $case    again: $command"
    fi
  done
fi
echo "$passed passed, $failed failed"
((failed == 0 && passed > 0))
