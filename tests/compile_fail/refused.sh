#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# refused.sh SOURCE COMPILER [FLAG…]: the source compiles, and with STEWARD_WRONG defined it does not, for the reason that it names itself.
set -euo pipefail
source=$1
shift
pattern=$(sed -n 's|^// REFUSED: ||p' "$source")
[[ -n $pattern ]] || { echo "$source: no line '// REFUSED: <pattern>'" && exit 1; }
flags=(-fsyntax-only -Wall -Werror=return-type -Werror=unused-result)

echo "as it stands:"
"$@" "${flags[@]}" "$source" || { echo "does not compile even without its mistake" && exit 1; }

echo "with its mistake:"
if output=$("$@" "${flags[@]}" -DSTEWARD_WRONG "$source" 2>&1); then
  echo "compiles, and must not"
  exit 1
fi
if ! grep -qE -- "$pattern" <<<"$output"; then
  echo "$output"
  echo "is refused, but not for the reason: $pattern"
  exit 1
fi
echo "refused: $pattern"
