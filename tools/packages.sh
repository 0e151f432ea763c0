# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034  # used by name, or by whoever sources this
#
# Gets what a command needs: installs the missing Debian packages on Debian 12; elsewhere names what is missing. Sourced by ./dev.

# What each is for: docs/decisions/0001-dependencies.md.
packages_build=(clang-19 cmake ninja-build ccache libboost1.81-dev libsqlitecpp-dev libsqlite3-dev libfmt-dev libcli11-dev libtomlplusplus-dev)
packages_example=(nginx-light python3)
packages_test=(libgtest-dev libgmock-dev curl sqlite3)
packages_check=(g++ clang-tidy-19 clang-format-19 libclang-rt-19-dev llvm-19)
packages_package=(dpkg-dev file)

# The same for other systems: commands that must be there, and headers that clang++-19 must find.
commands_build=(clang++-19 cmake ninja)
commands_example=(nginx python3)
commands_test=(curl sqlite3)
commands_check=(g++-12 clang-tidy-19 run-clang-tidy-19 clang-format-19 llvm-symbolizer-19)
commands_package=(dpkg-shlibdeps file)
headers_build=(boost/asio/io_context.hpp SQLiteCpp/Database.h sqlite3.h fmt/format.h CLI/CLI.hpp toml++/toml.h)
headers_example=()
headers_test=(gtest/gtest.h gmock/gmock.h)
headers_check=()
headers_package=()

# need_packages GROUP…
need_packages() {
  step "packages: $*"
  # Debian keeps nginx here, and a user's PATH does not have it.
  export PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
  if is_debian_12; then
    install_missing "$@"
  else
    name_missing "$@"
  fi
}

os_release=/etc/os-release
policy=/usr/sbin/policy-rc.d

is_debian_12() {
  [[ -r $os_release ]] || return 1
  # shellcheck disable=SC1090
  [[ $(source "$os_release" && echo "${ID:-} ${VERSION_ID:-}") == "debian 12" ]] && command -v apt-get >/dev/null && command -v dpkg-query >/dev/null
}

# members KIND GROUP…: the union of the arrays KIND_GROUP, one a line.
members() {
  local kind=$1 group
  shift
  for group in "$@"; do
    local -n list=${kind}_$group
    ((${#list[@]} == 0)) || printf '%s\n' "${list[@]}"
  done
}

install_missing() {
  local wanted missing=()
  mapfile -t wanted < <(members packages "$@")
  mapfile -t missing < <(missing_packages "${wanted[@]}")
  if grep -qs "by steward's tools/install_packages.sh" "$policy"; then
    note "an earlier installation was killed and left $policy behind"
    as_root --clean-up
  fi
  if ((${#missing[@]} == 0)); then
    note "all ${#wanted[@]} are there"
    return
  fi
  note "${#missing[@]} of ${#wanted[@]} are missing: ${missing[*]}"
  as_root "${missing[@]}" || die "the packages could not be installed; apt's message is above"
  mapfile -t missing < <(missing_packages "${wanted[@]}")
  ((${#missing[@]} == 0)) || die "still missing after the installation: ${missing[*]}"
  # What was configured without them goes without their parts; a folder that is configured anew finds them.
  rm -f build/*/.configured
}

# as_root ARGUMENT…: tools/install_packages.sh, as root, without a prompt.
as_root() {
  local sudo=()
  if ((EUID != 0)); then
    command -v sudo >/dev/null || die "this needs root, and there is no sudo; as root run: tools/install_packages.sh $*"
    sudo -n true 2>/dev/null || die "this needs root, and sudo wants a password; run: sudo tools/install_packages.sh $*"
    sudo=(sudo -n)
  fi
  "${sudo[@]}" bash tools/install_packages.sh "$@" </dev/null
}

# missing_packages PACKAGE…: those that are not installed, one a line.
missing_packages() {
  # "ii" is installed; a package that dpkg never heard of is an error message instead of a line.
  { dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' "$@" 2>/dev/null || true; } |
    awk -v wanted="$*" '$1 == "ii" { there[$2] = 1 } END { n = split(wanted, name, " "); for (i = 1; i <= n; i++) if (!there[name[i]]) print name[i] }'
}

name_missing() {
  local missing=() name compiler
  while read -r name; do
    command -v "$name" >/dev/null || missing+=("command $name")
  done < <(members commands "$@")
  # Any compiler can look for a header.
  compiler=$(command -v clang++-19 || command -v g++ || command -v c++ || true)
  while read -r name; do
    [[ $compiler ]] && echo "#include <$name>" | "$compiler" -std=c++20 -E -x c++ - >/dev/null 2>&1 || missing+=("header <$name>")
  done < <(members headers "$@")
  if ((${#missing[@]} == 0)); then
    note "this is not Debian 12, and everything is there"
    return
  fi
  {
    echo "./dev: this is not Debian 12, so nothing is installed for you. Missing:"
    printf '  %s\n' "${missing[@]}"
    echo "On Debian 12 all of it comes from: $(members packages "$@" | paste -sd ' ')"
  } >&2
  exit 1
}
