// SPDX-License-Identifier: Apache-2.0
//
// The example that everybody begins with must be right.
#include "unit_toml.hpp"

#include <gtest/gtest.h>

#include <string>

namespace steward {
namespace {

TEST(FirstExample, IsRightAndIsMeantFromItsOwnFolder) {
  const std::string folder = std::string(STEWARD_SOURCE_DIR) + "/examples/first";
  const auto file = read_units_file(folder + "/units.toml");
  ASSERT_TRUE(file) << file.error().to_tree();
  const known_units none;
  const auto units = parse_units(file->text, {.file = file->name, .folder = file->folder, .known = &none});
  ASSERT_TRUE(units) << units.error().to_tree();
  ASSERT_EQ(units->size(), 3U);
  EXPECT_EQ(units->at("web").program.directory, folder);
  EXPECT_EQ(units->at("web").stop.signal, SIGQUIT);
  EXPECT_EQ(units->at("worker").after, std::vector<std::string>{"web"});
  EXPECT_EQ(look_on_disk(units->at("flaky").program.command.front()), executable_state::executable);
}

}  // namespace
}  // namespace steward
