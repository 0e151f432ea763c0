#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# daemon.sh BUILD_DIR: the daemon's package has the program, a service that nothing enables, and manual pages that know every command and every key.
set -euo pipefail
build=$1
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
root=$build/stranger/daemon
rm -rf "$root"
cmake --install "$build" --prefix "$root" --component daemon >/dev/null

failed=0
wrong() {
  echo "$1"
  failed=1
}

for file in bin/steward lib/systemd/system/steward.service share/man/man1/steward.1 share/man/man5/steward-units.5; do
  [[ -s $root/$file ]] || wrong "$file is missing or empty"
done
((failed == 0)) || exit 1

# A link in a .wants folder, or a script of the package, would be an installation that starts something.
[[ -z $(find "$root" -name '*.wants') ]] || wrong "the service is enabled by its installation"
! grep -q CONTROL_EXTRA "$build/CPackConfig.cmake" || wrong "the package has a script that runs when it is installed"

for line in KillMode=process OOMPolicy=continue TimeoutStopSec=infinity; do
  grep -qx "$line" "$root/lib/systemd/system/steward.service" || wrong "steward.service lacks $line: programs would go down with the daemon"
done
# What the service calls is something that the program understands.
start=$(sed -n 's/^ExecStart=//p' "$root/lib/systemd/system/steward.service")
(PATH="$root/bin" && $start --help >/dev/null) || wrong "the program does not understand ExecStart=$start"

for command in $("$root/bin/steward" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\).*/\1/p'); do
  [[ $command == help || $command == version ]] || grep -q "^\.SS steward $command\$" "$root/share/man/man1/steward.1" || wrong "steward.1 lacks $command"
done
# The one list of keys is in the code.
for key in $(sed -n 's/^    {"\([a-z_]*\)", row_edit.*/\1/p' "$here/../../apps/steward/unit_keys.hpp"); do
  grep -qF "fB${key}\\fP" "$root/share/man/man5/steward-units.5" || wrong "steward-units.5 lacks $key"
done

if command -v man >/dev/null && command -v groff >/dev/null; then
  for page in "$root"/share/man/man?/*; do
    said=$(man --warnings -l "$page" 2>&1 >/dev/null)
    [[ -z $said ]] || wrong "$page: $said"
  done
fi
exit "$failed"
