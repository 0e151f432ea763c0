// SPDX-License-Identifier: Apache-2.0
//
// Names and texts that are wire format: files, sockets, scripts and people depend on them. A change here breaks them.
#include "steward/errc.hpp"
#include "steward/error.hpp"
#include "steward/exit.hpp"
#include "steward/restart_policy.hpp"
#include "steward/row_edit.hpp"
#include "steward/row_state.hpp"
#include "steward/state.hpp"
#include "steward/table.hpp"
#include "virtual_test.hpp"

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace steward::test {
namespace {

template <class Enum>
std::vector<std::string> names_up_to(Enum last) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i <= static_cast<std::size_t>(last); ++i) all.emplace_back(to_string(static_cast<Enum>(i)));
  return all;
}

TEST(Golden, ProcessStates) {
  EXPECT_THAT(names_up_to(process_state::stopped), ElementsAre("initial", "starting", "running", "stopped"));
  EXPECT_EQ(static_cast<std::size_t>(process_state::stopped) + 1, process_states);
}

TEST(Golden, ProcessEvents) {
  EXPECT_THAT(names_up_to(process_event::end), ElementsAre("start", "ready", "lost", "stop", "force", "end"));
  EXPECT_EQ(static_cast<std::size_t>(process_event::end) + 1, process_events);
}

TEST(Golden, RowStates) {
  EXPECT_THAT(names_up_to(row_state::abandoned),
              ElementsAre("waiting", "starting", "running", "stopping", "backoff", "stopped", "completed", "gave_up", "abandoned"));
}

TEST(Golden, StopReasons) {
  EXPECT_THAT(names_up_to(stop_reason::shutdown),
              ElementsAre("requested", "deadline", "dependency_lost", "sibling_failed", "lease_lost", "superseded", "removed", "shutdown"));
}

TEST(Golden, ExitReasons) {
  EXPECT_THAT(names_up_to(exit_reason::exception),
              ElementsAre("completed", "stopped", "failed", "ended_before_ready", "start_deadline", "forced", "exception"));
}

TEST(Golden, Restarts) { EXPECT_THAT(names_up_to(restart::never), ElementsAre("always", "on_failure", "never")); }

TEST(Golden, NamesAreReadAsTheyAreWritten) {
  for (std::size_t i = 0; i < 7; ++i) {
    const auto row = static_cast<row_state>(i);
    const auto end = static_cast<exit_reason>(i);
    EXPECT_EQ(row_state_from_string(to_string(row)), row);
    EXPECT_EQ(exit_reason_from_string(to_string(end)), end);
  }
  for (const std::string_view wrong : {"", "Running", "running ", "runnin", "gone"}) {
    EXPECT_FALSE(row_state_from_string(wrong)) << wrong;
    EXPECT_FALSE(exit_reason_from_string(wrong)) << wrong;
  }
}

TEST(Golden, E1_TextsOfTheLibrarysOwnErrors) {
  const std::array<std::pair<errc, const char*>, 17> texts{{
      {errc::manager_not_running, "process: manager is not running"},
      {errc::process_not_found, "process: process not found"},
      {errc::process_not_running, "process: process is not running"},
      {errc::process_exists, "process: process already exists"},
      {errc::invalid_state, "process: invalid process state"},
      {errc::stopped, "stopped"},
      {errc::callback_already_called, "callback already called"},
      {errc::ended_before_ready, "ended before it was ready"},
      {errc::would_wait_for_itself, "would wait for itself"},
      {errc::empty_runnable, "empty runnable"},
      {errc::not_found, "not found"},
      {errc::unreadable, "unreadable"},
      {errc::invalid_iterator, "iterator is not at a row"},
      {errc::resource_not_ready, "resource is not ready"},
      {errc::failed, "failed"},
      {errc::exception, "exception"},
      {errc::out_of_memory, "out of memory"},
  }};
  int value = 0;
  for (const auto& [code, text] : texts) {
    EXPECT_EQ(static_cast<int>(code), ++value) << text;
    EXPECT_EQ(make_error_code(code).message(), text);
    if (code != errc::stopped) {
      EXPECT_EQ(error(code).to_string(), text);
    }
  }
  EXPECT_EQ(std::error_code(0, category()).message(), "success");
  EXPECT_EQ(std::error_code(value + 1, category()).message(), "unknown");
  EXPECT_EQ(std::error_code(-1, category()).message(), "unknown");
  EXPECT_STREQ(category().name(), "steward");
}

TEST(Golden, TextsOfStops) {
  for (std::size_t i = 0; i <= static_cast<std::size_t>(stop_reason::shutdown); ++i) {
    const auto why = static_cast<stop_reason>(i);
    EXPECT_EQ(error::stopped(why).to_string(), "stopped: " + std::string(to_string(why)));
  }
}

TEST(Golden, E2_E3_PrefixesAndJoins) {
  const std::array<error, 2> both{error("no disk").prefixed("web: "), error::stopped(stop_reason::deadline)};
  EXPECT_EQ(error::join(both).prefixed("run: ").to_string(), "run: web: no disk; stopped: deadline");
}

}  // namespace
}  // namespace steward::test
