// SPDX-License-Identifier: Apache-2.0
//
// The tests, or the program that they kill: `--write FILE SEED`.
#include "writer.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string_view>

int main(int argc, char** argv) {
  if (argc == 4 && std::string_view(argv[1]) == "--write") return steward::test::write_until_killed(argv[2], std::strtoull(argv[3], nullptr, 10));
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
