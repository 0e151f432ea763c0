// SPDX-License-Identifier: Apache-2.0
//
// The tests, or one of the programs that they kill: `--write FILE SEED`, `--loop FILE SEED`.
#include "looper.hpp"
#include "writer.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string_view>

int main(int argc, char** argv) {
  const std::string_view mode = argc == 4 ? argv[1] : "";
  if (mode == "--write") return steward::test::write_until_killed(argv[2], std::strtoull(argv[3], nullptr, 10));
  if (mode == "--loop") return steward::test::crash_loop_until_killed(argv[2]);
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
