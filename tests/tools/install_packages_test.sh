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
  *slow*) touch "$WORK/waiting" && exec sleep 30 ;;
  *broken*) exit 100 ;;
esac
APT
chmod +x "$work/bin/apt-get"
export PATH=$work/bin:$PATH

install() { bash "$here/../../tools/install_packages.sh" "$@" >"$work/output" 2>&1; }

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

# interrupted SIGNAL TARGET: starts a slow installation in a process group of its own, and ends it once apt is at work. TARGET: the group or the script.
interrupted() {
  set -m
  install slow &
  local pid=$! code=0
  set +m
  until [[ -e $work/waiting ]]; do read -r -t 0.05 <> <(:) || true; done
  if [[ $2 == group ]]; then kill "-$1" -- "-$pid"; else kill "-$1" "$pid" && kill -TERM -- "-$pid"; fi
  wait "$pid" || code=$?
  echo "$code"
}

all_ends() {
  local code=0
  install nginx-light || code=$?
  expect "success$1" 0 $code
  code=0
  install broken || code=$?
  expect "failure$1" 100 $code
  expect "Ctrl-C$1" 130 "$(interrupted INT group)"
  expect "TERM$1" 143 "$(interrupted TERM group)"
  [[ $(interrupted KILL group) == 137 ]] || wrong "it was to be killed"
  install nginx-light || wrong "the run after a killed one fails"
  expect "after SIGKILL$1" 0 0
}

all_ends ""
before=$'#!/bin/sh\nexit 101 # the administrator\'s own'
echo "$before" >"$STEWARD_POLICY_FILE"
chmod 755 "$STEWARD_POLICY_FILE"
all_ends " with a policy before"

exit $bad
