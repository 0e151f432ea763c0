// SPDX-License-Identifier: Apache-2.0
//
// How a process ends that was never run, or was asked to end from inside.
#include "steward/process.hpp"
#include "steward/testing/background.hpp"
#include "steward/testing/run_virtual.hpp"
#include "steward/testing/virtual_scheduler.hpp"
#include "steward/wait.hpp"

#include <gtest/gtest.h>

namespace steward {
namespace {

using testing::background;
using testing::run_virtual;
using testing::virtual_scheduler;

TEST(ProcessEnd, PR1_ForcedBeforeItsStartItIsGone) {
  virtual_scheduler time;
  root_context root(time);
  process web(root, nop(), "web");
  background done(time, web.done(root));
  time.run();
  EXPECT_FALSE(done.done());
  web.force();
  EXPECT_EQ(web.state(), process_state::stopped);
  EXPECT_TRUE(web.is_done());
  background started(time, web.start(root));
  time.run();
  EXPECT_EQ(done.text(), "success");
  EXPECT_EQ(started.outcome().error(), error(errc::invalid_state));
  EXPECT_EQ(web.err(), std::nullopt);
}

TEST(ProcessEnd, CauseOfARequestToStopStaysWhenTheRunOnlyReturnsTheStop) {
  const runnable echoes = [](context& ctx, callback) -> task<> {
    ctx.request_stop(error("licence expired"));
    co_return co_await ctx.stopped();
  };
  const auto body = [&](context& ctx) -> task<> {
    process web(ctx, echoes, "web");
    const auto started = co_await web.start(ctx);
    EXPECT_EQ(started.error().to_string(), "run: licence expired");
    EXPECT_EQ(web.err()->to_string(), "licence expired");
    co_return {};
  };
  EXPECT_TRUE(run_virtual(body).has_value());
}

TEST(ProcessEnd, ErrorOfTheRunItselfWinsOverTheCauseOfARequestToStop) {
  const runnable fails = [](context& ctx, callback ready) -> task<> {
    ctx.request_stop(error("licence expired"));
    (void)co_await ready(ctx);
    co_return error("disk full");
  };
  const auto body = [&](context& ctx) -> task<> {
    process web(ctx, fails, "web");
    (void)co_await web.start(ctx);
    EXPECT_EQ(web.err()->to_string(), "disk full");
    co_return {};
  };
  EXPECT_TRUE(run_virtual(body).has_value());
}

}  // namespace
}  // namespace steward
