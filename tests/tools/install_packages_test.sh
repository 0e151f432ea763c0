#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# tools/install_packages.sh forbids services while apt runs, and leaves nothing behind: after success, failure, Ctrl-C, TERM and SIGKILL, with and
# without a policy that was there before. apt-get is a script here, and the policy file is in a folder of this test.
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0

mkdir "$work/bin" "$work/sbin"
export STEWARD_POLICY_FILE=$work/sbin/policy-rc.d STEWARD_INSTALL_LOCK=$work/lock WORK=$work
cat >"$work/bin/apt-get" <<'APT'
#!/bin/bash
code=0
"$STEWARD_POLICY_FILE" || code=$?
echo "$code $*" >>"$WORK/calls"
case $* in
  *slow*) echo $$ >"$WORK/waiting.new" && mv "$WORK/waiting.new" "$WORK/waiting" && exec sleep 30 ;;
  *broken*) exit 100 ;;
esac
APT
chmod +x "$work/bin/apt-get"
export PATH=$work/bin:$PATH

script=$here/../../tools/install_packages.sh
install() { bash "$script" "$@" >"$work/output" 2>&1; }

wrong() {
  printf '%s\n' "$*"
  bad=1
}

# expect NAME EXIT_CODE GOT: the exit code, a policy of 101 at each call of apt, and the folder as it was before.
expect() {
  [[ $3 == "$2" ]] || wrong "$1: exit code $3 instead of $2: $(cat "$work/output")"
  if grep -qv '^101 ' "$work/calls"; then wrong "$1: apt ran without the policy: $(cat "$work/calls")"; fi
  rm -f "$work/calls" "$work/waiting"
  if [[ ${before:-} ]]; then
    [[ $(cat "$STEWARD_POLICY_FILE" 2>/dev/null) == "$before" && -x $STEWARD_POLICY_FILE ]] || wrong "$1: the policy of before is not back"
    [[ $(ls "$work/sbin") == policy-rc.d ]] || wrong "$1: left behind: $(ls "$work/sbin")"
  else
    [[ -z $(ls "$work/sbin") ]] || wrong "$1: left behind: $(ls "$work/sbin")"
  fi
}

# interrupted SIGNAL TARGET: starts a slow installation in a process group of its own, and ends it once apt is at work. TARGET: the group, as a terminal
# does, or the script alone, whose apt then goes on for a while. Sets `code`.
interrupted() {
  code=0
  set -m
  bash "$script" slow >"$work/output" 2>&1 &
  local pid=$!
  set +m
  until [[ -e $work/waiting ]]; do sleep 0.02; done
  if [[ $2 == group ]]; then
    kill "-$1" -- "-$pid"
  else
    kill "-$1" "$pid"
    # Bash waits for apt before it acts on the signal.
    kill -TERM "$(cat "$work/waiting")"
  fi
  wait "$pid" 2>/dev/null || code=$?
}

all_ends() {
  local code=0
  install nginx-light || code=$?
  expect "success$1" 0 $code
  code=0
  install broken || code=$?
  expect "failure$1" 100 $code
  interrupted INT group
  expect "Ctrl-C$1" 130 $code
  interrupted TERM group
  expect "TERM to all$1" 143 $code
  interrupted TERM script
  expect "TERM$1" 143 $code
  interrupted KILL group
  [[ $code == 137 ]] || wrong "it was to be killed, and ended with $code"
  rm -f "$work/waiting"
  install nginx-light || wrong "the run after a killed one fails"
  expect "after SIGKILL$1" 0 0
}

main() {
  all_ends ""
  before=$'#!/bin/sh\nexit 101 # of the administrator'
  echo "$before" >"$STEWARD_POLICY_FILE"
  chmod 755 "$STEWARD_POLICY_FILE"
  all_ends " with a policy before"
  exit $bad
}

# Bash has read all of this before it runs any: a child that shares its place in the file cannot move it.
main
