// SPDX-License-Identifier: Apache-2.0
#include "steward/program/detail/orphan.hpp"

#include "asio/support.hpp"
#include "steward/wait.hpp"
#include "support.hpp"

#include <signal.h>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

namespace steward {
namespace {

TEST(Orphan, SaysThatItHasEndedAndMayGoThen) {
  boost::asio::io_context io{1};
  asio_scheduler on(io);
  auto started = spawn(test::shell("exec sleep 1000"));
  ASSERT_TRUE(started) << started.error().to_string();
  const auto program = std::make_shared<held_program>();
  program->what.pid = started->pid;
  program->pidfd = std::move(started->pidfd);
  const auto watch = [&](context& ctx) -> task<> {
    std::optional<detail::orphan> watched(std::in_place, io, ctx.scheduler(), program);
    auto slept = co_await ctx.sleep_for(std::chrono::milliseconds(1));
    EXPECT_FALSE(watched->has_ended());
    EXPECT_EQ(::kill(program->what.pid, SIGKILL), 0);
    EXPECT_EQ(test::wait_exit(program->pidfd.get()).signal, SIGKILL);  // as the system does with one whose keeper is dead
    while (slept && !watched->has_ended()) slept = co_await ctx.sleep_for(std::chrono::milliseconds(1));
    watched.reset();
    co_return slept;
  };
  EXPECT_TRUE(asio_test::run_on(io, on, watch));
  EXPECT_TRUE(program->is_gone());
  EXPECT_EQ(program.use_count(), 1);
}

}  // namespace
}  // namespace steward
