// SPDX-License-Identifier: Apache-2.0
//
// The test program is also the executable that the tests start as a keeper.
#include "steward/program/keeper.hpp"

#include <gtest/gtest.h>

#include <string_view>

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "keeper") return steward::keeper_main({argv + 2, argv + argc});
  ::testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
