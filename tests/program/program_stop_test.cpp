// SPDX-License-Identifier: Apache-2.0
//
// The stop of a program that is not ready yet, with each spawner.
#include "asio/support.hpp"
#include "keeper_client.hpp"
#include "steward/process.hpp"
#include "steward/program/keeper_spawner.hpp"
#include "steward/program/local_spawner.hpp"
#include "steward/program/program.hpp"
#include "steward/task_scope.hpp"
#include "steward/wait.hpp"
#include "support.hpp"

#include <gmock/gmock.h>

#include <fstream>
#include <iterator>

namespace steward {
namespace {

using namespace std::chrono_literals;
using test::shell;

constexpr const char* polite = "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.01; done";
constexpr const char* deaf = "trap 'echo asked' TERM; echo up; while :; do sleep 0.01; done";

enum class held_by { this_process, keeper };

class ProgramStop : public ::testing::TestWithParam<held_by> {
 protected:
  [[nodiscard]] program_options never_ready(std::chrono::nanoseconds deadline = 1h) {
    program_options how;
    how.key = "web";
    how.ready = ready_after{1h};
    how.stop = [deadline](const std::string&) { return farewell{.deadline = deadline}; };
    how.log.file = folder_ / "log";
    how.on_started = [this](const std::string&, int pid) { pid_ = pid; };
    return how;
  }

  [[nodiscard]] std::string log() const {
    std::ifstream file(folder_ / "log");
    return {std::istreambuf_iterator<char>(file), {}};
  }

  task<> written(context& ctx, std::string text) {
    const instant latest = later(ctx.now(), test::patience);
    while (!log().contains(text)) {
      if (ctx.now() > latest) co_return error(log() + " and not " + text);
      auto slept = co_await ctx.sleep_for(2ms);
      if (!slept) co_return slept;
    }
    co_return {};
  }

  /// Starts a program, calls `then` when it has written that it is up, and waits until it is gone.
  task<> start(context& ctx, runnable what, std::function<task<>(context&, process&)> then) {
    context above(ctx);
    process one(above, std::move(what));
    task_scope beside(ctx.scheduler());
    auto body = [](ProgramStop& me, context& in, process& of, std::function<task<>(context&, process&)> act) -> task<> {
      co_await or_return(me.written(in, "up\n"));
      auto acting = act(in, of);
      co_return co_await std::move(acting);
    };
    beside.start(body(*this, above, one, std::move(then)));
    started_ = co_await one.start(ctx);
    (void)co_await beside.join();
    (void)co_await one.done(ctx);
    err_ = one.err();
    co_return {};
  }

  void run(const std::function<runnable(spawner&)>& make, const std::function<task<>(context&, process&)>& then) {
    const auto ended = GetParam() == held_by::keeper ? with_keeper(make, then) : with_none(make, then);
    EXPECT_TRUE(ended) << ended.error().to_string();
    EXPECT_FALSE(group_has_living_member(pid_));
  }

  [[nodiscard]] std::string err() const { return err_ ? err_->to_string() : "none"; }

  result<> started_;
  test::temporary_folder folder_;

 private:
  result<> with_none(const std::function<runnable(spawner&)>& make, const std::function<task<>(context&, process&)>& then) {
    local_spawner children(io_);
    return asio_test::run_on(io_, on_, [&](context& ctx) { return start(ctx, make(children), then); });
  }

  result<> with_keeper(const std::function<runnable(spawner&)>& make, const std::function<task<>(context&, process&)>& then) {
    const auto connect = [this] { return connect_or_start_keeper(folder_ / "keeper.sock", test::self()); };
    auto link = connect();
    if (!link) return fail(link.error());
    keeper_spawner programs(io_, std::move(*link), process_register(folder_ / "running"), connect, [](const std::string&) {});
    const auto use = [&](context& ctx) { return start(ctx, make(programs), then); };
    return asio_test::run_on(io_, on_, [&](context& ctx) { return programs.run(ctx, use); });
  }

  boost::asio::io_context io_{1};
  asio_scheduler on_{io_};
  pid_t pid_ = 0;
  std::optional<error> err_;
};

task<> ask(context&, process& what) {
  what.request_stop();
  co_return {};
}

TEST_P(ProgramStop, WhileItStartsAsksAsOneThatIsReady) {
  run([this](spawner& by) { return program(shell(polite), never_ready(), by); }, ask);
  EXPECT_FALSE(started_) << "it was never ready";
  EXPECT_EQ(err(), "none");
  EXPECT_EQ(log(), "up\nbye\n");
}

TEST_P(ProgramStop, WhileItStartsKillsWhoDoesNotEndInTime) {
  run([this](spawner& by) { return program(shell(deaf), never_ready(100ms), by); }, ask);
  EXPECT_EQ(err(), "stopped: deadline");
  EXPECT_EQ(log(), "up\nasked\n");
}

TEST_P(ProgramStop, WhileItStartsIsCutShortWhenAllIsForced) {
  const auto ask_and_force = [this](context& above, process& what) -> task<> {
    what.request_stop();
    co_await or_return(written(above, "asked\n"));
    above.stop();
    co_return {};
  };
  run([this](spawner& by) { return program(shell(deaf), never_ready(), by); }, ask_and_force);
  EXPECT_EQ(err(), "stopped: requested");
}

TEST_P(ProgramStop, OfALateStartKillsAtOnce) {
  const auto too_late = [](context&, process& what) -> task<> {
    what.force(stop_reason::deadline);
    co_return {};
  };
  run([this](spawner& by) { return program(shell(polite), never_ready(), by); }, too_late);
  EXPECT_EQ(err(), "stopped: deadline");
  EXPECT_EQ(log(), "up\n");
}

TEST_P(ProgramStop, FromAboveKillsAtOnceWhatStarts) {
  const auto force = [](context& above, process&) -> task<> {
    above.stop();
    co_return {};
  };
  run([this](spawner& by) { return program(shell(polite), never_ready(), by); }, force);
  EXPECT_EQ(err(), "stopped: requested (inherited)");
  EXPECT_EQ(log(), "up\n");
}

INSTANTIATE_TEST_SUITE_P(Spawners, ProgramStop, ::testing::Values(held_by::this_process, held_by::keeper),
                         [](const auto& each) { return each.param == held_by::keeper ? "Keeper" : "ThisProcess"; });

}  // namespace
}  // namespace steward
