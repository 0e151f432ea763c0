// SPDX-License-Identifier: Apache-2.0
//
// Which ends the next daemon is not told again.
#include "unit_ends.hpp"

#include "unit_program.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace steward {
namespace {

using detail::held_phase;

constexpr const char* web = "web";

spawner::held program(std::uint64_t incarnation, held_phase phase) {
  auto made = std::make_shared<held_program>();
  made->what.key = web;
  made->what.note = note_of(unit(), incarnation);
  made->what.state.phase = phase;
  return made;
}

keeper_spawner::left_programs left(const std::vector<spawner::held>& all) {
  keeper_spawner::left_programs found;
  for (const spawner::held& each : all) found.emplace(web, each);
  return found;
}

auto remembers(row_state state, std::uint64_t incarnation) {
  return [=](const std::string&) {
    row_past past;
    past.state = state;
    past.incarnation = incarnation;
    return past;
  };
}

TEST(EndsDealtWith, are_those_of_an_incarnation_that_is_remembered_as_down) {
  const auto gone = program(3, held_phase::gone);
  for (const row_state state : {row_state::backoff, row_state::waiting, row_state::stopped, row_state::completed, row_state::gave_up})
    EXPECT_EQ(ends_dealt_with(left({gone}), remembers(state, 3)), std::vector{gone}) << to_string(state);
}

// It came to no program: it could not be executed, for instance.
TEST(EndsDealtWith, are_those_that_another_incarnation_has_followed) {
  const auto gone = program(3, held_phase::gone);
  EXPECT_EQ(ends_dealt_with(left({gone}), remembers(row_state::backoff, 4)), std::vector{gone});
}

TEST(EndsDealtWith, are_not_those_of_an_incarnation_that_is_remembered_as_alive_or_not_at_all) {
  const auto gone = program(3, held_phase::gone);
  EXPECT_TRUE(ends_dealt_with(left({gone}), remembers(row_state::running, 3)).empty());
  EXPECT_TRUE(ends_dealt_with(left({gone}), remembers(row_state::backoff, 2)).empty());
  EXPECT_TRUE(ends_dealt_with(left({gone}), [](const std::string&) { return row_past(); }).empty());
}

TEST(EndsDealtWith, are_those_that_the_next_program_of_the_key_has_followed) {
  const auto gone = program(3, held_phase::gone);
  for (const held_phase phase : {held_phase::running, held_phase::gone}) {
    const auto next = program(4, phase);
    EXPECT_EQ(ends_dealt_with(left({gone, next}), remembers(row_state::running, 3)), std::vector{gone});
  }
}

TEST(EndsDealtWith, are_not_programs_that_live) {
  for (const held_phase phase : {held_phase::running, held_phase::exited})
    EXPECT_TRUE(ends_dealt_with(left({program(3, phase)}), remembers(row_state::backoff, 3)).empty());
}

}  // namespace
}  // namespace steward
