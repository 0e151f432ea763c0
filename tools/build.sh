# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Configures and compiles a preset. Sourced by ./dev.

# At least 2 GB per compiler, or the machine begins to swap.
jobs_default() {
  local cores memory_gb
  cores=$(nproc)
  memory_gb=$(awk '/^MemAvailable/ { print int($2 / 1048576) }' /proc/meminfo)
  local most=$((memory_gb / 2))
  ((most >= 1)) || most=1
  echo $((cores < most ? cores : most))
}
jobs=${STEWARD_JOBS:-$(jobs_default)}

# Runs a command with its output in build/log/NAME.log, shown only if it fails.
quietly() {
  local log=build/log/$1.log
  shift
  mkdir -p build/log
  if ! "$@" >"$log" 2>&1; then
    cat "$log" >&2
    return 1
  fi
}

# Two of these in one build folder would break each other.
lock_preset() {
  mkdir -p "build/$1"
  exec {preset_lock}>"build/$1/.lock"
  if ! flock -n "$preset_lock"; then
    note "another ./dev is at work in build/$1; waiting for it"
    flock "$preset_lock"
  fi
}

# Also before anything that may outlive this script: the lock lives as long as a copy of its descriptor is open.
unlock_preset() { exec {preset_lock}>&-; }

configure_preset() {
  local preset=$1 werror=OFF stamp
  [[ ${CI:-} == true ]] && werror=ON
  # What a build folder depends on that ninja does not know.
  stamp="$PWD werror=$werror $(cksum <CMakePresets.json)"
  if [[ -f build/$preset/build.ninja && $(cat "build/$preset/.configured" 2>/dev/null) == "$stamp" ]]; then
    return
  fi
  rm -f "build/$preset/.configured"
  quietly "configure-$preset" cmake --preset "$preset" --fresh -DSTEWARD_WERROR=$werror || die "preset $preset cannot be configured; cmake's message is above"
  grep '^-- steward:' "build/log/configure-$preset.log" | sed 's/^-- steward:/     /' || true
  echo "$stamp" >"build/$preset/.configured"
}

# build_preset PRESET TARGET, as a step
build_preset() {
  step "build: preset $1, $jobs at a time"
  compile "$1" "$2"
}

# compile PRESET TARGET
compile() {
  local preset=$1 target=$2 code=0
  grep -q "\"configurePreset\": \"$preset\"" CMakePresets.json || die "there is no preset '$preset'; ./dev help names them" 2
  lock_preset "$preset"
  configure_preset "$preset"
  ninja -C "build/$preset" -j "$jobs" "$target" {preset_lock}>&- || code=$?
  unlock_preset
  ((code == 0)) || die "preset $preset does not compile; the compiler's message is above"
}

make_packages() {
  rm -rf build/packages
  local generator
  for generator in DEB TGZ; do
    quietly "package-$generator" cpack --config build/release/CPackConfig.cmake -G "$generator" -B build/packages || die "cpack failed; its message is above"
  done
  rm -rf build/packages/_CPack_Packages
  local file
  for file in build/packages/*; do
    note "$(du -h "$file" | tr '\t' ' ')"
  done
}
