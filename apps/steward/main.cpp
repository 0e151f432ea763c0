// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "daemon.hpp"
#include "steward/program/keeper.hpp"

#include <string_view>

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "keeper") return steward::keeper_main({argv + 2, argv + argc});
  return steward::command_main(argc, argv, steward::run_daemon);
}
