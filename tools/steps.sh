# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034  # used by name, or by whoever sources this
#
# Says what is being done and how far it is: "[2/4  0:14] test". Sourced by ./dev.

steps_total=0
step_number=0
started_at=$SECONDS

# steps TOTAL NAME: how many steps this command has.
steps() {
  steps_total=$1
  echo "steward: $2"
}

elapsed() {
  local seconds=$((SECONDS - started_at))
  printf '%d:%02d' $((seconds / 60)) $((seconds % 60))
}

step() {
  step_number=$((step_number + 1))
  printf '[%d/%d %5s] %s\n' "$step_number" "$steps_total" "$(elapsed)" "$*"
}

note() { echo "      $*"; }

# die MESSAGE [CODE]
die() {
  echo "./dev: $1" >&2
  exit "${2:-1}"
}
