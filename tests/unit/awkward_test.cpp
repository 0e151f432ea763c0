// SPDX-License-Identifier: Apache-2.0
//
// Runnables and callbacks that behave badly, in every combinator; and none, one and very many of them.
#include "fleet.hpp"
#include "steward/chain.hpp"
#include "steward/deadlines.hpp"
#include "steward/leaf.hpp"
#include "steward/named.hpp"
#include "steward/parallel.hpp"
#include "steward/process.hpp"
#include "steward/resource.hpp"
#include "steward/sequential.hpp"
#include "steward/start_stop.hpp"
#include "steward/supervised.hpp"
#include "steward/testing/explore.hpp"
#include "virtual_test.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace steward::test {
namespace {

using thrower = std::function<void()>;

/// A runnable that keeps one process, or one row of a manager, for as long as its callback lasts.
runnable in_process(runnable part) {
  return [part = std::move(part)](context& ctx, callback ready) -> task<> {
    process inside(ctx, part, "inside");
    const runnable whole = start_stop(inside);
    co_return co_await whole.run(ctx, ready);
  };
}
runnable in_manager(runnable part) {
  return [part = std::move(part)](context& ctx, callback ready) -> task<> {
    memory_table<std::string, runnable> rows;
    rows.put("inside", part);
    manager_options<std::string, runnable> how;
    how.policy = [](const std::string&, const runnable&) { return restart_policy{.when = restart::never, .delays = {}}; };
    fleet kept(rows, how);
    co_return co_await kept.run(ctx, ready);
  };
}

/// Something around one part.
struct combinator {
  std::string name;
  std::function<runnable(runnable)> around;
  const char* ended_early = "success";  ///< what it returns when the part ends with success before it is ready
};

const std::vector<combinator>& combinators() {
  static const std::vector<combinator> all{
      {"itself", [](runnable part) { return part; }},
      {"named", [](runnable part) { return named("n", std::move(part)); }},
      {"chain first", [](runnable part) { return chain(std::move(part), nop()); }},
      {"chain last", [](runnable part) { return chain(nop(), std::move(part)); }},
      {"parallel first", [](runnable part) { return parallel(std::move(part), nop()); }, "ended before it was ready"},
      {"parallel last", [](runnable part) { return parallel(nop(), std::move(part)); }, "ended before it was ready"},
      {"sequential first", [](runnable part) { return sequential(std::move(part), nop()); }, "ended before it was ready"},
      {"sequential last", [](runnable part) { return sequential(nop(), std::move(part)); }, "ended before it was ready"},
      {"deadlines", [](runnable part) { return deadlines(std::move(part), 1h, 1h); }},
      {"supervised", [](runnable part) { return supervised(std::move(part), restart_policy{.when = restart::never, .delays = {}}); }},
      {"process", in_process, "run: ended before it was ready"},
  };
  return all;
}

/// Something that hands on, and has no part that is a runnable; and a manager, which keeps its parts' troubles to itself.
struct giver {
  std::string name;
  runnable what;
};

std::vector<giver> givers() {
  const auto wait = [](context& ctx) -> task<> {
    (void)co_await ctx.stopped();
    co_return {};
  };
  const auto at_once = [](context&) -> task<> { co_return {}; };
  const auto open = [](context&) -> task<int> { co_return 1; };
  std::vector<giver> all{
      {"nop", nop()},
      {"no chain", chain()},
      {"no parallel", parallel()},
      {"no sequential", sequential()},
      {"leaf", leaf(wait)},
      {"leaf with a graceful stop", leaf(wait, at_once)},
      {"leaf that is over", leaf(at_once)},
      {"start_stop", start_stop(at_once, at_once)},
      {"resource", runnable(resource<int>("r", open))},
      {"manager", in_manager(nop())},
  };
  for (const combinator& each : combinators()) all.push_back({each.name, each.around(nop())});
  return all;
}

/// How one run went.
struct played {
  std::string outcome;
  error why{errc::failed};
  int callbacks = 0;
  std::chrono::nanoseconds ended_at{};
};

/// Runs `what` with a callback that returns after 1 ms, or does what it is told; its context is stopped at a time, if there is one.
played play(const runnable& what, const std::function<task<>(context&)>& use = {}, std::optional<std::chrono::milliseconds> stop_at = {}) {
  played seen;
  virtual_scheduler time;
  root_context root(time);
  auto callback = [&](context& ctx) -> task<> {
    ++seen.callbacks;
    if (use) return use(ctx);
    const auto wait = [](context& inner) -> task<> { co_return co_await inner.sleep_for(1ms); };
    return wait(ctx);
  };
  background<void> job(time, what.run(root, callback));
  if (stop_at) {
    time.advance(*stop_at);
    root.stop(stop_reason::shutdown);
  }
  EXPECT_TRUE(time.run_until([&] { return job.done(); })) << "it does not end";
  seen.outcome = job.text();
  if (job.done() && !job.outcome()) seen.why = job.outcome().error();
  seen.ended_at = time.elapsed();
  time.run();
  return seen;
}

const std::vector<std::pair<thrower, errc>>& throwers() {
  static const std::vector<std::pair<thrower, errc>> all{
      {[] { throw std::runtime_error("boom"); }, errc::exception},
      {[] { throw 42; }, errc::exception},
      {[] { throw std::bad_alloc(); }, errc::out_of_memory},
  };
  return all;
}

TEST(Awkward, R7_PartsThatThrowBeforeTheyAreReady) {
  for (const auto& [name, around, ended_early] : combinators())
    for (const auto& [throws, code] : throwers()) {
      const auto seen = play(around(scripted("part").at_start(throws)));
      EXPECT_TRUE(seen.why.is(code)) << name << ": " << seen.outcome;
      EXPECT_EQ(seen.callbacks, 0) << name;
      const auto late = play(around(scripted("part").at_end(throws)));
      EXPECT_TRUE(late.why.is(code)) << name << ": " << late.outcome;
      EXPECT_EQ(late.callbacks, 1) << name;
    }
}

TEST(Awkward, R10_PartsThatEndWithoutBeingReady) {
  for (const auto& [name, around, ended_early] : combinators()) {
    const auto seen = play(around(scripted("part").end_before_ready()));
    EXPECT_EQ(seen.callbacks, 0) << name;
    EXPECT_EQ(seen.outcome, ended_early) << name;
  }
}

TEST(Awkward, R3_PartsThatAreNeverReadyEndWhenTheyAreStopped) {
  for (const auto& [name, around, ended_early] : combinators()) {
    const auto seen = play(around(scripted("part").hang()), {}, 7ms);
    EXPECT_EQ(seen.callbacks, 0) << name;
    EXPECT_EQ(seen.ended_at, 7ms) << name;
    EXPECT_TRUE(seen.why.is_stop()) << name << ": " << seen.outcome;
    EXPECT_EQ(seen.why.reason(), stop_reason::shutdown) << name;
  }
}

TEST(Awkward, R1_PartsThatCallTheirCallbackTwice) {
  for (const auto& [name, around, ended_early] : combinators()) {
    if (name == "itself" || name == "named") continue;  // those pass the user's own callback on
    const auto seen = play(around(scripted("part").calls_twice()));
    EXPECT_EQ(seen.callbacks, 1) << name;
    EXPECT_EQ(seen.outcome, "success") << name;
  }
}

TEST(Awkward, R6_PartsThatIgnoreTheirContextAreWaitedFor) {
  for (const auto& [name, around, ended_early] : combinators()) {
    const auto starting = play(around(scripted("part").ready_after(5ms).winds_down_in(5ms).ignore_stop()), {}, 2ms);
    EXPECT_EQ(starting.ended_at, 10ms) << name << ": " << starting.outcome;
    const auto ending = play(around(scripted("part").winds_down_in(50ms).ignore_stop()), {}, 10ms);
    EXPECT_EQ(ending.ended_at, 51ms) << name << ": " << ending.outcome;
    EXPECT_EQ(ending.callbacks, 1) << name;
  }
}

TEST(Awkward, R3_PartsThatStopTheContextThatTheyWereGiven) {
  for (const auto& [name, around, ended_early] : combinators()) {
    const auto before = [](context& ctx, callback ready) -> task<> {
      ctx.stop();
      co_return co_await ready(ctx);
    };
    const auto seen = play(around(before));
    EXPECT_EQ(seen.ended_at, 0ms) << name << ": " << seen.outcome;
    const auto after = [](context& ctx, callback ready) -> task<> {
      auto outcome = co_await ready(ctx);
      ctx.stop();
      co_return outcome;
    };
    const auto late = play(around(after));
    EXPECT_EQ(late.ended_at, 1ms) << name << ": " << late.outcome;
    EXPECT_EQ(late.callbacks, 1) << name;
  }
}

TEST(Awkward, R7_PartsThatThrowAreNoTroubleToAManager) {
  for (const auto& [throws, code] : throwers()) {
    EXPECT_EQ(play(in_manager(scripted("part").at_start(throws))).outcome, "success");
    EXPECT_EQ(play(in_manager(scripted("part").at_end(throws))).outcome, "success");
  }
  EXPECT_EQ(play(in_manager(scripted("part").end_before_ready())).outcome, "success");
  EXPECT_EQ(play(in_manager(scripted("part").calls_twice())).outcome, "success");
  EXPECT_EQ(play(in_manager(scripted("part").hang())).callbacks, 1);
  EXPECT_EQ(play(in_manager(scripted("part").winds_down_in(50ms).ignore_stop()), {}, 10ms).ended_at, 51ms);
}

TEST(Awkward, R5_R7_CallbacksThatThrowAreTheResult) {
  for (const auto& [name, what] : givers())
    for (const auto& [throws, code] : throwers()) {
      const auto in_coroutine = [&throws](context&) -> task<> {
        throws();
        co_return {};
      };
      const auto inside = play(what, in_coroutine);
      EXPECT_TRUE(inside.why.is(code)) << name << ": " << inside.outcome;
      EXPECT_EQ(inside.callbacks, 1) << name;
      const auto before_any = [&throws](context&) -> task<> {
        throws();
        return {};
      };
      const auto outside = play(what, before_any);
      EXPECT_TRUE(outside.why.is(code)) << name << ": " << outside.outcome;
    }
}

TEST(Awkward, R5_CallbacksThatFailAreTheResult) {
  for (const auto& [name, what] : givers()) {
    const auto failing = [](context&) -> task<> { co_return error("main broke"); };
    EXPECT_THAT(play(what, failing).outcome, ::testing::EndsWith("main broke")) << name;
  }
}

TEST(Awkward, R7_CallbacksForWhichThereIsNoFrame) {
  for (const auto& [name, what] : givers()) {
    const auto none = [](context&) -> task<> { return {}; };
    const auto seen = play(what, none);
    EXPECT_TRUE(seen.why.is(errc::out_of_memory)) << name << ": " << seen.outcome;
  }
}

TEST(Awkward, R6_CallbacksThatIgnoreTheirContextAreWaitedFor) {
  for (const auto& [name, what] : givers()) {
    const auto deaf = [](context&) -> task<> {
      co_await deaf_sleep(50ms);
      co_return {};
    };
    const auto seen = play(what, deaf, 10ms);
    EXPECT_EQ(seen.callbacks, 1) << name;
    EXPECT_EQ(seen.ended_at, 50ms) << name << ": " << seen.outcome;
  }
}

TEST(Awkward, CallbacksThatStopTheContextThatTheyWereGiven) {
  for (const auto& [name, what] : givers()) {
    const auto stopping = [](context& ctx) -> task<> {
      ctx.stop();
      co_return {};
    };
    const auto seen = play(what, stopping);
    EXPECT_EQ(seen.ended_at, 0ms) << name << ": " << seen.outcome;
    EXPECT_EQ(seen.callbacks, 1) << name;
  }
}

/// Many parts, the last of which may fail.
enum class ending : unsigned char { graceful, forced, failing };

class Many : public ::testing::TestWithParam<std::size_t> {
 protected:
  static runnable last(ending how) { return how == ending::failing ? runnable(scripted("last").end_before_ready(fail(error("no")))) : nop(); }

  static played run(const runnable& what, ending how) {
    const auto hold = [](context& ctx) -> task<> {
      (void)co_await ctx.stopped();
      co_return {};
    };
    return how == ending::forced ? play(what, hold, 5ms) : play(what);
  }

  static std::string expected(ending how, std::size_t count) {
    if (how == ending::graceful || count == 0) return "success";
    return how == ending::failing ? "no" : "success";
  }
};

std::vector<runnable> parts(std::size_t count, const runnable& last) {
  std::vector<runnable> all(count, nop());
  if (count > 0) all.back() = last;
  return all;
}

TEST_P(Many, PartsOfAGroup) {
  for (const ending how : {ending::graceful, ending::forced, ending::failing})
    for (const bool in_order : {false, true}) {
      const runnable what = in_order ? sequential(parts(GetParam(), last(how))) : parallel(parts(GetParam(), last(how)));
      const auto seen = run(what, how);
      EXPECT_EQ(seen.outcome, expected(how, GetParam())) << static_cast<int>(how) << in_order;
      EXPECT_EQ(seen.callbacks, how == ending::failing && GetParam() > 0 ? 0 : 1);
    }
}

TEST_P(Many, StagesInAProcess) {
  for (const ending how : {ending::graceful, ending::forced, ending::failing}) {
    const auto seen = run(in_process(chain(parts(GetParam(), last(how)))), how);
    if (how == ending::failing && GetParam() > 0)
      EXPECT_EQ(seen.outcome, "run: no");
    else if (how == ending::graceful)
      EXPECT_EQ(seen.outcome, "success");
    else
      EXPECT_EQ(seen.ended_at, how == ending::forced ? 5ms : 1ms);
  }
}

TEST_P(Many, ProcessesUnderOneContext) {
  for (const ending how : {ending::graceful, ending::forced, ending::failing}) {
    virtual_scheduler time;
    root_context root(time);
    context parent(root);
    std::vector<std::unique_ptr<process>> all;
    for (std::size_t i = 0; i < GetParam(); ++i) all.push_back(std::make_unique<process>(parent, last(how)));
    const auto start = [&]() -> task<std::size_t> {
      std::size_t started = 0;
      for (const auto& each : all) {
        const auto outcome = co_await each->start(parent);
        if (outcome) ++started;
      }
      co_return started;
    };
    background<std::size_t> starting(time, start);
    time.run_until_idle();
    EXPECT_EQ(*starting.outcome(), how == ending::failing ? 0 : GetParam());
    if (how == ending::forced) parent.stop();
    if (how == ending::graceful)
      for (const auto& each : all) each->request_stop();
    time.run_until_idle();
    for (const auto& each : all) {
      EXPECT_TRUE(each->is_done());
      EXPECT_EQ(each->was_forced(), how == ending::forced);
    }
  }
}

TEST_P(Many, RowsOfAManager) {
  for (const ending how : {ending::graceful, ending::forced, ending::failing}) {
    memory_table<std::string, runnable> rows;
    for (std::size_t i = 0; i < GetParam(); ++i) rows.put(std::to_string(i), last(how));
    manager_options<std::string, runnable> options;
    std::size_t problems = 0;
    std::size_t failed = 0;
    options.policy = [](const std::string&, const runnable&) { return restart_policy{.when = restart::never, .delays = {}}; };
    options.on_event = [&](const manager_event<std::string>& what) {
      if (what.problem != nullptr) ++problems;
      if (what.ended != nullptr && what.ended->reason == exit_reason::failed) ++failed;
    };
    fleet kept(rows, options);
    std::size_t running = 0;
    const auto look = [&](context& ctx) -> task<> {
      for (std::size_t i = 0; i < GetParam(); ++i)
        if (kept.get(std::to_string(i))) ++running;
      if (how == ending::forced) (void)co_await ctx.stopped();
      co_return {};
    };
    const runnable what = [&kept](context& ctx, callback ready) { return kept.run(ctx, ready); };
    const auto seen = how == ending::forced ? play(what, look, 5ms) : play(what, look);
    EXPECT_EQ(seen.outcome, "success");
    EXPECT_EQ(running, how == ending::failing ? 0 : GetParam());
    EXPECT_EQ(failed, how == ending::failing ? GetParam() : 0);
    EXPECT_EQ(problems, 0U);
    EXPECT_EQ(kept.snapshot().size(), GetParam());
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, Many, ::testing::Values(0, 1, 2, testing::affordable(100'000)));

}  // namespace
}  // namespace steward::test
