#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# run_suite.sh RESULTS_DIR NAME PROGRAM [ARGUMENT…]: runs one test program for ctest and keeps its output, so that tools/count_tests.sh can
# count the cases: RESULTS_DIR/NAME.log is the output, NAME.rc its exit code (missing if it was killed), NAME.cmd how to run it again.
set -u
results=$1 name=$2
shift 2
mkdir -p "$results"
rm -f "$results/$name.rc"
printf '%s ' "$@" >"$results/$name.cmd"
"$@" 2>&1 | tee "$results/$name.log"
code=${PIPESTATUS[0]}
echo "$code" >"$results/$name.rc"
exit "$code"
