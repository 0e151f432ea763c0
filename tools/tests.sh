# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154  # variables of the other sourced files
#
# Runs the tests of a preset through ctest and counts their cases. Sourced by ./dev.
#
# ctest sees one test per program (or part of one), because a process per case would cost minutes under sanitizers; the cases are counted from what
# the programs print, and a program that ends early, hangs or breaks after its last case counts as failed.

# run_tests PRESET [FILTER]: never fails by itself; count_tests tells.
run_tests() {
  local preset=$1 arguments=(-j 2 --output-on-failure --no-tests=error) launch=()
  rm -rf "build/$preset/results"
  if [[ -n ${2:-} ]]; then
    export GTEST_FILTER=$2
    arguments+=(-L cases)
  fi
  # g++ 12's AddressSanitizer cannot place its shadow under every address layout of newer kernels.
  if [[ $preset == gcc-asan ]] && setarch -R true 2>/dev/null; then
    launch=(setarch -R)
  fi
  lock_preset "$preset"
  "${launch[@]}" ctest --test-dir "build/$preset" "${arguments[@]}" </dev/null {preset_lock}>&- || true
  # What should have run, so that a test that left no trace is missed.
  ctest --test-dir "build/$preset" -N "${arguments[@]}" | sed -n 's/^ *Test *#[0-9]*: //p' >"build/$preset/results.expected"
  unlock_preset
}

# count_tests PRESET: prints what failed and how to run it again, closes with "N passed, N failed"; fails if one failed or none ran.
count_tests() {
  local preset=$1
  tools/count_tests.sh "build/$preset/results" "build/$preset/results.expected"
}

# For ./dev check: builds and tests a preset as two checks.
run_sanitized() {
  local preset=$1
  run_check "build $preset" compile "$preset" all
  if ((last_check == 0)); then
    run_check "tests $preset" sanitized_tests "$preset"
  else
    step "tests $preset: not run, because it does not compile"
    add_check "tests $preset" 1 0
  fi
}

sanitized_tests() {
  export ASAN_OPTIONS="detect_stack_use_after_return=1:strict_init_order=1:check_initialization_order=1:abort_on_error=0"
  export UBSAN_OPTIONS="print_stacktrace=1"
  # Races show themselves in time.
  if [[ $1 == clang-tsan ]]; then
    export STEWARD_STRESS_SECONDS=${STEWARD_STRESS_SECONDS:-30}
  fi
  export TSAN_OPTIONS="halt_on_error=0:second_deadlock_stack=1:suppressions=$PWD/tools/tsan.supp"
  run_tests "$1"
  local code=0
  count_tests "$1" | tee "build/$1/count" || code=1
  detail "$(tail -n 1 "build/$1/count")"
  return $code
}
