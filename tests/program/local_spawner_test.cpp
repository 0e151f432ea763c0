// SPDX-License-Identifier: Apache-2.0
#include "steward/program/local_spawner.hpp"

#include "asio/support.hpp"
#include "steward/process.hpp"
#include "steward/program/detail/proc_stat.hpp"
#include "steward/program/program.hpp"
#include "steward/wait.hpp"
#include "support.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

namespace steward {
namespace {

using namespace std::chrono_literals;
using test::shell;
using ::testing::HasSubstr;

class LocalSpawner : public ::testing::Test {
 protected:
  [[nodiscard]] program_options options() {
    program_options how;
    how.log.file = folder_ / "log";
    how.on_started = [this](const std::string&, int pid) { pid_ = pid; };
    return how;
  }

  [[nodiscard]] std::string log() const {
    std::ifstream file(folder_ / "log");
    return {std::istreambuf_iterator<char>(file), {}};
  }

  /// Waits, on the loop that serves the program, until its output contains a text.
  task<> written(context& ctx, std::string text) {
    while (!log().contains(text)) {
      auto slept = co_await ctx.sleep_for(2ms);
      if (!slept) co_return slept;
    }
    co_return {};
  }

  /// Nobody of the group is left but zombies, which are for somebody else to reap.
  [[nodiscard]] bool nobody_left() const { return !group_has_living_member(pid_); }

  template <class Body>
  result<> run(Body body) {
    return asio_test::run_on(io_, on_, body);
  }

  test::temporary_folder folder_;
  boost::asio::io_context io_{1};
  asio_scheduler on_{io_};
  local_spawner children_{io_};
  pid_t pid_ = 0;
};

// A shell's child that has been forked and not yet executed loses a signal, so none is left behind that would have to be told to end.
TEST_F(LocalSpawner, AStopAsksTheLeaderAndItsOutputIsWhole) {
  const auto what = program(shell("trap 'echo bye; exit 0' TERM; echo up; echo wrong >&2; while :; do sleep 0.01; done"), options(), children_);
  const auto ended = run([&](context& ctx) -> task<> {
    process one(ctx, what);
    co_await or_return(one.start(ctx));
    co_await or_return(written(ctx, "wrong\n"));
    co_return co_await one.stop(ctx);
  });
  EXPECT_TRUE(ended) << ended.error().to_string();
  EXPECT_EQ(log(), "up\nwrong\nbye\n");
  EXPECT_TRUE(nobody_left());
}

TEST_F(LocalSpawner, R7_WhoIsToldOfTheStartMayThrowAndNothingIsLeftBehind) {
  auto how = options();
  how.on_started = [told = std::move(how.on_started)](const std::string& key, int pid) {
    told(key, pid);
    throw std::runtime_error("no room");
  };
  const auto what = program(shell("exec sleep 1000"), std::move(how), children_);
  const auto ended = run([&](context& ctx) -> task<> {
    process one(ctx, what);
    co_return co_await one.start(ctx);
  });
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().to_string(), "run: std::runtime_error: no room");
  EXPECT_NE(pid_, 0);
  EXPECT_TRUE(nobody_left());
}

TEST_F(LocalSpawner, AProgramThatDoesNotStopInTimeIsKilledWithItsGroup) {
  auto how = options();
  how.stop = [](const std::string&) { return farewell{.deadline = 50ms}; };
  const auto what = program(shell("trap '' TERM; sleep 1000 & echo up; while :; do wait; done"), how, children_);
  const auto ended = run([&](context& ctx) -> task<> {
    process one(ctx, what);
    co_await or_return(one.start(ctx));
    co_await or_return(written(ctx, "up\n"));
    co_return co_await one.stop(ctx);
  });
  ASSERT_FALSE(ended);
  EXPECT_THAT(ended.error().to_string(), HasSubstr("killed by signal 9 (SIGKILL)"));
  EXPECT_TRUE(nobody_left());
}

TEST_F(LocalSpawner, OutputInSmallPiecesIsWholeAndInItsOrder) {
  const auto what = program(shell("i=0; while [ $i -lt 3000 ]; do echo $i; i=$((i+1)); done; printf end"), options(), children_);
  const auto ended = run([&](context& ctx) -> task<> {
    process one(ctx, what);
    co_await or_return(one.start(ctx));
    co_return co_await one.done(ctx);
  });
  EXPECT_TRUE(ended) << ended.error().to_string();
  std::string expected;
  for (int i = 0; i < 3000; ++i) expected += std::to_string(i) + "\n";
  EXPECT_EQ(log(), expected + "end");
}

TEST_F(LocalSpawner, OutputIsSeenWhileItIsWrittenLineByLine) {
  const auto what = program(shell("echo one; sleep 0.05; echo two; sleep 0.05; echo three; exec sleep 1000"), options(), children_);
  const auto ended = run([&](context& ctx) -> task<> {
    process one(ctx, what);
    co_await or_return(one.start(ctx));
    co_await or_return(written(ctx, "three\n"));
    co_return co_await one.stop(ctx);
  });
  EXPECT_TRUE(ended) << ended.error().to_string();
  EXPECT_EQ(log(), "one\ntwo\nthree\n");
}

TEST_F(LocalSpawner, AForcedEndKillsAtOnce) {
  const auto what = program(shell("trap '' TERM; echo up; while :; do sleep 1000; done"), options(), children_);
  const auto ended = run([&](context& ctx) -> task<> {
    process one(ctx, what);
    co_await or_return(one.start(ctx));
    co_await or_return(written(ctx, "up\n"));
    one.force(stop_reason::deadline);
    co_await or_return(one.done(ctx));
    if (auto why = one.err()) co_return std::move(*why);
    co_return {};
  });
  ASSERT_FALSE(ended);
  EXPECT_TRUE(ended.error().is_stop()) << ended.error().to_string();
  EXPECT_TRUE(nobody_left());
}

TEST_F(LocalSpawner, TellsTheExitCodeAndTheSignal) {
  const auto end_of = [this](std::string text) {
    const auto what = program(shell(std::move(text)), options(), children_);
    const auto ended = run([&](context& ctx) -> task<> {
      process one(ctx, what);
      co_await or_return(one.start(ctx));
      co_await or_return(one.done(ctx));
      if (auto why = one.err()) co_return std::move(*why);
      co_return {};
    });
    return ended ? program_exit() : exit_of(ended.error()).value_or(program_exit{.code = -1, .signal = 0});
  };
  EXPECT_EQ(end_of("exit 0").to_string(), "exited with code 0");
  EXPECT_EQ(end_of("exit 3").to_string(), "exited with code 3");
  EXPECT_EQ(end_of("kill -USR1 $$").to_string(), "killed by signal 10 (SIGUSR1)");
}

TEST_F(LocalSpawner, WhatOutlivesItsLeaderEndsBeforeTheRunDoes) {
  auto how = options();
  how.stop = [](const std::string&) { return farewell{.deadline = 50ms}; };
  const auto what = program(shell("(trap '' TERM; echo up; while :; do sleep 1000; done) & read _ <&0; exit 3"), how, children_);
  const auto ended = run([&](context& ctx) -> task<> {
    process one(ctx, what);
    co_await or_return(one.start(ctx));
    co_await or_return(one.done(ctx));
    if (auto why = one.err()) co_return std::move(*why);
    co_return {};
  });
  ASSERT_FALSE(ended);
  EXPECT_EQ(ended.error().to_string(), "exited with code 3") << "it was not asked to end, and did so in time";
  EXPECT_TRUE(nobody_left());
}

TEST_F(LocalSpawner, AProgramGoesOnWithoutItsLogAndItIsToldOnceWhy) {
  auto how = options();
  std::vector<std::error_code> told;
  std::ofstream(folder_ / "file") << "in the way";
  how.log.file = folder_ / "file/log";
  how.on_log = [&told](const std::string&, std::error_code why) { told.push_back(why); };
  const auto what = program(shell("for i in 1 2 3; do echo $i; sleep 0.01; done"), how, children_);
  const auto ended = run([&](context& ctx) -> task<> {
    process one(ctx, what);
    co_await or_return(one.start(ctx));
    co_return co_await one.done(ctx);
  });
  EXPECT_TRUE(ended) << ended.error().to_string();
  EXPECT_THAT(told, ::testing::ElementsAre(std::errc::not_a_directory));
}

TEST_F(LocalSpawner, TheRecordOfAnEndIsHandedOverWithoutItsDescriptors) {
  auto how = options();
  spawner::held record;
  how.on_gone = [&record](const std::string&, spawner::held gone) { record = std::move(gone); };
  const auto what = program(shell("exit 0"), how, children_);
  const auto ended = run([&](context& ctx) -> task<> {
    process one(ctx, what);
    co_await or_return(one.start(ctx));
    co_return co_await one.done(ctx);
  });
  EXPECT_TRUE(ended) << ended.error().to_string();
  ASSERT_TRUE(record);
  EXPECT_EQ(record->what.state.phase, detail::held_phase::gone);
  EXPECT_FALSE(record->pidfd) << "it may be kept for long";
  EXPECT_FALSE(record->output);
}

TEST_F(LocalSpawner, AFailedStartNamesItsStage) {
  const auto start = [this](program_spec what) {
    const auto one = program(std::move(what), options(), children_);
    const auto ended = run([&](context& ctx) -> task<> {
      auto never = [](context&) -> task<> { co_return error("it was called ready"); };
      co_return co_await one.run(ctx, never);
    });
    return ended ? std::string("no error") : ended.error().to_string();
  };
  EXPECT_EQ(start({.command = {"/nonexistent/foo"}, .directory = {}, .environment = {}}), "exec /nonexistent/foo: No such file or directory");
  EXPECT_EQ(start({.command = {"/bin/true"}, .directory = "/nonexistent", .environment = {}}), "directory /nonexistent: No such file or directory");
  EXPECT_THAT(start({.command = {"no-such-program-here"}, .directory = {}, .environment = {}}),
              ::testing::StartsWith("resolve no-such-program-here: "));
}

TEST_F(LocalSpawner, AStopBeforeTheStartStartsNothing) {
  const auto what = program(shell("echo up"), options(), children_);
  const auto ended = run([&](context& ctx) -> task<> {
    context stopped(ctx);
    stopped.stop();
    auto never = [](context&) -> task<> { co_return error("it was called ready"); };
    co_return co_await what.run(stopped, never);
  });
  ASSERT_FALSE(ended);
  EXPECT_TRUE(ended.error().is_stop());
  EXPECT_EQ(pid_, 0);
}

TEST_F(LocalSpawner, ManyRunAtTheSameTime) {
  constexpr int count = 20;
  const auto what = program(shell("exec sleep 1000"), {}, children_);
  const auto ended = run([&](context& ctx) -> task<> {
    std::vector<std::unique_ptr<process>> all;
    for (int i = 0; i < count; ++i) all.push_back(std::make_unique<process>(ctx, what));
    result<> outcome;
    for (const auto& each : all) {
      auto started = co_await each->start(ctx);
      if (!started) outcome = started;
    }
    for (const auto& each : all) each->request_stop();
    for (const auto& each : all) {
      auto gone = co_await each->done(ctx);
      if (!gone) outcome = gone;
    }
    co_return outcome;
  });
  EXPECT_TRUE(ended) << ended.error().to_string();
}

}  // namespace
}  // namespace steward
