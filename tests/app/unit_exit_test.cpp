// SPDX-License-Identifier: Apache-2.0
#include "unit_exit.hpp"

#include "status_text.hpp"
#include "steward/past_text.hpp"
#include "steward/program/process_group.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <optional>
#include <string>

namespace steward {
namespace {

using namespace std::chrono_literals;

exit end_of(exit_reason reason, const std::optional<error>& cause) {
  exit made;
  made.reason = reason;
  made.cause = cause;
  return made;
}

// Through the text that the database keeps.
exit read_again(const exit& ended) {
  row_past past;
  past.last = ended;
  const auto read = past_from_text(past_to_text(past, 0ms), 0ms);
  return read && read->last ? *read->last : exit();
}

TEST(UnitExit, IsTheSameWhenItWasStoredAndReadAgain) {
  const error killed = program_exit{.code = 0, .signal = SIGKILL}.to_error();
  for (const exit& each : {end_of(exit_reason::failed, program_exit{.code = 3, .signal = 0}.to_error()), end_of(exit_reason::failed, killed),
                           end_of(exit_reason::forced, error::stopped(stop_reason::deadline)), end_of(exit_reason::completed, {}),
                           end_of(exit_reason::failed, error("exec /bin/none: No such file or directory"))}) {
    const unit_exit before = to_unit_exit(each);
    const unit_exit after = to_unit_exit(read_again(with_numbers(each)));
    EXPECT_EQ(after, before);
    EXPECT_EQ(exit_text(after), exit_text(before));
  }
  EXPECT_EQ(exit_text(to_unit_exit(read_again(with_numbers(end_of(exit_reason::failed, killed))))), "killed by signal 9 (SIGKILL)");
}

TEST(UnitExit, ThatAnEarlierVersionHasStoredWithoutItsNumbersIsRead) {
  const auto past = past_from_text("steward past 1\nincarnation 2\nlast failed\nerror exited with code 3\n", 0ms);
  ASSERT_TRUE(past && past->last);
  const unit_exit read = to_unit_exit(*past->last);
  EXPECT_EQ(read.error, "exited with code 3");
  EXPECT_FALSE(read.code);
  EXPECT_FALSE(read.signal);
  EXPECT_EQ(exit_text(read), "exited with code 3");
}

}  // namespace
}  // namespace steward
