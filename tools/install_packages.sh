#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# install_packages.sh PACKAGE…: installs Debian packages as root, asks nothing, and starts no service of theirs (nginx!).
#
# Debian starts a package's service unless /usr/sbin/policy-rc.d forbids it. This puts such a policy there for as long as apt runs, keeps one that
# was there aside, and puts it back at every end: success, failure, Ctrl-C, TERM. If it is killed in between, the next ./dev calls it with --clean-up.
set -euo pipefail

# Other places are for its test.
policy=${STEWARD_POLICY_FILE:-/usr/sbin/policy-rc.d}
lock=${STEWARD_INSTALL_LOCK:-/run/steward-install.lock}
saved=$policy.before-steward
mark="# written by steward's tools/install_packages.sh, for as long as it runs"

[[ -w ${policy%/*} ]] || { echo "install_packages.sh: must be run by root" >&2 && exit 1; }
(($#)) || { echo "usage: install_packages.sh PACKAGE… | --clean-up" >&2 && exit 2; }

# One at a time: two of these would take each other's policy for one that was there before.
exec 9>"$lock"
flock 9

restore_policy() {
  trap '' INT TERM HUP # a second Ctrl-C must not leave half of it
  if [[ -f $policy ]] && grep -qF "$mark" "$policy"; then
    rm -f "$policy"
  fi
  if [[ -e $saved || -L $saved ]]; then
    mv -f "$saved" "$policy"
  fi
}

forbid_services() {
  if [[ -e $policy || -L $policy ]]; then
    mv -f "$policy" "$saved"
  fi
  printf '#!/bin/sh\n%s\nexit 101\n' "$mark" >"$policy"
  chmod 755 "$policy"
}

restore_policy # what a killed run left behind
[[ $1 != --clean-up ]] || exit 0
trap restore_policy EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
forbid_services

export DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true NEEDRESTART_SUSPEND=1
# Another apt may be at work on a machine that has just been started.
options=(-q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold)

echo "      apt-get update"
apt-get "${options[@]}" update 9>&- 2>&1 | sed -u 's/^/      | /'
echo "      apt-get install"
apt-get "${options[@]}" install --no-install-recommends "$@" 9>&- 2>&1 | sed -u 's/^/      | /'
