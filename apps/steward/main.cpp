// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "daemon.hpp"
#include "steward/program/keeper.hpp"

#include <malloc.h>

#include <string_view>

namespace {

// For those who stay: what a burst has taken goes back to the system when it is over, and the few threads share one arena.
void stay_small() {
  constexpr int trim_above = 64 << 10;
  (void)::mallopt(M_ARENA_MAX, 1);                // NOLINT(concurrency-mt-unsafe): there is one thread yet
  (void)::mallopt(M_TRIM_THRESHOLD, trim_above);  // NOLINT(concurrency-mt-unsafe): the same
}

}  // namespace

int main(int argc, char** argv) {
  stay_small();
  if (argc > 1 && std::string_view(argv[1]) == "keeper") return steward::keeper_main({argv + 2, argv + argc});
  return steward::command_main(argc, argv, steward::run_daemon);
}
