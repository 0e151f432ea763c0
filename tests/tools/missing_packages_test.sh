#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What ./dev does about packages: all there, some missing, no root, another system. dpkg-query, sudo and the installation are scripts here.
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/tools"
cd "$work"

script() { { echo '#!/bin/bash' && cat; } >"$1" && chmod +x "$1"; }
# dpkg-query knows what is in the file `installed`; one package there is only half removed.
script bin/dpkg-query <<'QUERY'
echo "rc  sqlite3"
while read -r name; do echo "ii  $name"; done <"$WORK/installed"
exit 1
QUERY
script bin/apt-get <<<'exit 0'
script tools/install_packages.sh <<'INSTALL'
echo "installed as root: $*"
[[ ! -e $WORK/refuses ]] || exit 100
printf '%s\n' "$@" >>"$WORK/installed"
INSTALL
printf 'ID=debian\nVERSION_ID="12"\n' >debian
printf 'ID=fedora\nVERSION_ID="40"\n' >fedora
printf 'ID=debian\nVERSION_ID="13"\n' >trixie

# need OS: `need_packages test example` in a shell of its own, as root unless the file `plain_user` is there.
need() {
  # EUID cannot be set; the sourced text reads this name instead.
  sed 's/EUID/fake_user/g' "$here/../../tools/packages.sh" >packages.sh
  WORK=$work PATH=$work/bin:$PATH OS=$1 bash -euo pipefail -c '
    source "$0/steps.sh"
    source ./packages.sh
    os_release=$OS policy=$WORK/policy
    if [[ $OS != debian ]]; then commands_test=(bash no-such-command) commands_example=() headers_test=(no/such.hpp vector); fi
    fake_user=0; [[ ! -e plain_user ]] || fake_user=1000
    need_packages test example' "$here/../../tools" 2>&1
}

# shows NAME EXIT_CODE TEXT… <<< the call's output, with its exit code as the last line. What is wrong leaves the file `bad`: this runs in a pipe, so in a shell of its own.
shows() {
  local name=$1 code=$2 output text
  shift 2
  output=$(cat)
  [[ $(tail -n 1 <<<"$output") == "$code" ]] || { printf '%s: not exit code %s:\n%s\n' "$name" "$code" "$output" && touch bad; }
  for text in "$@"; do
    grep -qF -- "$text" <<<"$output" || { printf '%s: "%s" is not in:\n%s\n' "$name" "$text" "$output" && touch bad; }
  done
}

all=(libgtest-dev libgmock-dev curl sqlite3 nginx-light python3)

printf '%s\n' "${all[@]}" >installed
{ need debian && echo 0; } | shows "all there" 0 "all 6 are there"

mkdir -p build/release && touch build/release/.configured
{ need debian && echo 0; } >/dev/null
[[ -e build/release/.configured ]] || { echo "configured anew, although all was there" && touch bad; }
printf '%s\n' "${all[@]:0:3}" python3 >installed
{ need debian && echo 0; } | shows "two missing" 0 "2 of 6 are missing: sqlite3 nginx-light" "installed as root: sqlite3 nginx-light"
[[ ! -e build/release/.configured ]] || { echo "what was configured without a package stays without it" && touch bad; }

: >installed
touch refuses
{ need debian || echo $?; } | shows "apt fails" 1 "could not be installed"
rm refuses

touch plain_user
if ! PATH=$work/bin:/usr/bin:/bin command -v sudo >/dev/null; then
  { need debian || echo $?; } | shows "no sudo" 1 "there is no sudo; as root run: tools/install_packages.sh libgtest-dev"
fi
script bin/sudo <<<'[[ $* != "-n true" ]]'
{ need debian || echo $?; } | shows "sudo wants a password" 1 "sudo wants a password; run: sudo tools/install_packages.sh libgtest-dev"
# shellcheck disable=SC2016
script bin/sudo <<<'[[ $1 == -n ]] && shift && exec "$@"'
{ need debian && echo 0; } | shows "sudo" 0 "installed as root: libgtest-dev"
rm plain_user

echo "# written by steward's tools/install_packages.sh" >policy
{ need debian && echo 0; } | shows "left behind" 0 "installed as root: --clean-up" "all 6 are there"
rm policy

for system in fedora trixie; do
  { need $system || echo $?; } | tee output | shows "$system" 1 "not Debian 12" "command no-such-command" "header <no/such.hpp>" "libgtest-dev"
  if grep -qE "command bash|<vector>|installed as root" output; then echo "$system: $(cat output)" && touch bad; fi
done
[[ ! -e bad ]]
