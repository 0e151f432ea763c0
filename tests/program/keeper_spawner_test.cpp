// SPDX-License-Identifier: Apache-2.0
#include "steward/program/keeper_spawner.hpp"

#include "asio/support.hpp"
#include "fake_keepers.hpp"
#include "keeper_client.hpp"
#include "steward/detail/beside.hpp"
#include "steward/program/identity.hpp"
#include "steward/wait.hpp"
#include "support.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace steward {
namespace {

using test::crowding_keeper;
using test::dying_keeper;
using test::is_sanitized;
using test::none_beside_stdin;
using test::shell;
using test::slow_renewal;
using ::testing::HasSubstr;

class KeeperSpawner : public ::testing::Test {
 protected:
  [[nodiscard]] keeper_spawner spawner_of(keeper_link link) {
    const auto renew = [this] { return connect_or_start_keeper(folder_ / "keeper.sock", test::self()); };
    const auto warn = [this](const std::string& text) { warnings_.push_back(text); };
    return keeper_spawner(io_, std::move(link), process_register(folder_ / "running"), renew, warn);
  }

  test::temporary_folder folder_;
  boost::asio::io_context io_{1};
  asio_scheduler on_{io_};
  std::vector<std::string> warnings_;
};

TEST_F(KeeperSpawner, AProgramThatWasExecutedAsTheKeeperDiedIsEndedBeforeTheNext) {
  dying_keeper first;
  keeper_spawner programs = spawner_of(first.take_link());
  const auto use = [&](context& ctx) -> task<> {
    const program_spec what = shell("exec sleep 1000");
    auto lost = co_await programs.spawn(ctx, "web", "note", what, {});
    EXPECT_THAT(lost ? "success" : lost.error().to_string(), HasSubstr("the keeper has died"));
    const pid_t pid = first.program();
    EXPECT_GT(pid, 0);
    EXPECT_FALSE(group_has_living_member(pid)) << "it would run beside the next one";
    EXPECT_THAT(warnings_, ::testing::Contains("web: process " + std::to_string(pid) +
                                               " was executed as the keeper died; it is ended before the next one starts"));
    while (group_has_living_member(pid)) ::kill(-pid, SIGKILL);

    result<spawner::held> next = fail(errc::failed);
    while (!next) {  // as soon as there is a new keeper
      next = co_await programs.spawn(ctx, "web", "note", what, {});
      auto slept = co_await ctx.sleep_for(std::chrono::milliseconds(1));
      if (!slept) co_return slept;
    }
    const spawner::held living = std::move(*next);
    EXPECT_FALSE(living->orphaned);
    co_return co_await programs.end(ctx, living);
  };
  const auto ended = asio_test::run_on(io_, on_, [&](context& ctx) { return programs.run(ctx, use); });
  EXPECT_TRUE(ended) << ended.error().to_string();
}

task<> lose_keeper(context& ctx, keeper_spawner& programs, slow_renewal& next) {
  const program_spec what = shell("exit 0");
  const auto lost = co_await programs.spawn(ctx, "web", "note", what, {});
  EXPECT_FALSE(lost);
  while (!next.has_begun()) {
    auto slept = co_await ctx.sleep_for(std::chrono::milliseconds(1));
    if (!slept) co_return slept;
  }
  co_return {};
}

TEST_F(KeeperSpawner, NothingElseWaitsWhileANewKeeperIsAskedFor) {
  dying_keeper first;
  slow_renewal next(folder_ / "keeper.sock");
  keeper_spawner programs(
      io_, first.take_link(), process_register(folder_ / "running"), [&] { return next.renew(); },
      [this](const std::string& text) { warnings_.push_back(text); });
  const auto use = [&](context& ctx) -> task<> {
    co_await or_return(lose_keeper(ctx, programs, next));
    const program_spec what = shell("exec sleep 1000");
    const auto none = co_await programs.spawn(ctx, "web", "note", what, {});
    EXPECT_EQ(none ? "success" : none.error().to_string(), "there is no keeper just now");
    next.let_go_on();
    while (!::testing::Value(warnings_, ::testing::Contains("there is a new keeper"))) {
      auto slept = co_await ctx.sleep_for(std::chrono::milliseconds(1));
      if (!slept) co_return slept;
    }
    EXPECT_TRUE(next.went_on());
    const auto living = co_await or_return(programs.spawn(ctx, "web", "note", what, {}));
    co_return co_await programs.end(ctx, living);
  };
  const auto ended = asio_test::run_on(io_, on_, [&](context& ctx) { return programs.run(ctx, use); });
  EXPECT_TRUE(ended) << ended.error().to_string();
}

TEST_F(KeeperSpawner, AKeeperThatComesInTheEndIsNotTaken) {
  dying_keeper first;
  slow_renewal next(folder_ / "keeper.sock");
  keeper_spawner programs(
      io_, first.take_link(), process_register(folder_ / "running"), [&] { return next.renew(); },
      [this](const std::string& text) { warnings_.push_back(text); });
  const auto use = [&](context& ctx) -> task<> {
    co_await or_return(lose_keeper(ctx, programs, next));
    next.let_go_on();
    co_return {};
  };
  const auto ended = asio_test::run_on(io_, on_, [&](context& ctx) { return programs.run(ctx, use); });
  EXPECT_TRUE(ended) << ended.error().to_string();
  EXPECT_TRUE(next.went_on());
  EXPECT_THAT(warnings_, ::testing::Not(::testing::Contains("there is a new keeper")));
  EXPECT_TRUE(test::eventually([&] { return !connect_keeper(folder_ / "keeper.sock"); })) << "it leaves";
}

// Two are needed to look for one: of the second it cannot be said whether it lives.
TEST_F(KeeperSpawner, AProgramThatCannotBeLookedForAsTheKeeperDiedIsNotTakenForGone) {
  if (is_sanitized()) GTEST_SKIP() << "sanitizers need descriptors of their own";
  dying_keeper first(2);
  std::optional<test::open_files_limit> few;
  keeper_link link = first.take_link();
  const auto limit = test::limit_that_leaves(2);
  const auto warn = [&](const std::string& text) {
    if (warnings_.empty()) few.emplace(limit);
    warnings_.push_back(text);
  };
  const auto renew = [&] {
    few.reset();
    return connect_or_start_keeper(folder_ / "keeper.sock", test::self());
  };
  keeper_spawner programs(io_, std::move(link), process_register(folder_ / "running"), renew, warn);
  const auto use = [&](context& ctx) -> task<> {
    const auto start = [&](std::string key) -> task<> {
      const program_spec what = shell("exec sleep 1000");
      auto lost = co_await programs.spawn(ctx, std::move(key), "note", what, {});
      EXPECT_THAT(lost ? "success" : lost.error().to_string(), HasSubstr("the keeper has died"));
      co_return {};
    };
    detail::beside web(ctx.scheduler());
    detail::beside db(ctx.scheduler());
    web.start(start("web"));
    db.start(start("db"));
    (void)co_await web.join();
    (void)co_await db.join();
    co_return {};
  };
  const auto ended = asio_test::run_on(io_, on_, [&](context& ctx) { return programs.run(ctx, use); });
  EXPECT_TRUE(ended) << ended.error().to_string();
  for (const char* key : {"web", "db"}) {
    const pid_t pid = first.program();
    EXPECT_THAT(warnings_, ::testing::Contains(key + (": process " + std::to_string(pid)) +
                                               " was executed as the keeper died; it is ended before the next one starts"));
    EXPECT_FALSE(group_has_living_member(pid)) << key;
    if (group_has_living_member(pid)) ::kill(-pid, SIGKILL);
  }
}

constexpr auto no_descriptors = "limits: two descriptors for its end and its output, of which the daemon may have ";
constexpr auto ended_by_term = "ended by 15";
constexpr auto because = " (ulimit -n, LimitNOFILE=): Too many open files";

TEST_F(KeeperSpawner, AStartForWhichThereAreNoDescriptorsFailsBeforeTheProgramIsExecuted) {
  if (is_sanitized()) GTEST_SKIP() << "sanitizers need descriptors of their own";
  auto link = connect_or_start_keeper(folder_ / "keeper.sock", test::self());
  ASSERT_TRUE(link) << link.error().to_string();
  keeper_spawner programs = spawner_of(std::move(*link));
  const auto use = [&](context& ctx) -> task<> {
    const program_spec what = shell("exec sleep 1000");
    const program_spec marked = shell("touch " + folder_ / "executed");
    result<spawner::held> web = fail(errc::failed);
    result<spawner::held> db = fail(errc::failed);
    const auto start = [&](std::string key, program_spec program, result<spawner::held>& into) -> task<> {
      into = co_await programs.spawn(ctx, std::move(key), "note", std::move(program), {});
      co_return {};
    };
    const auto limit = test::limit_that_leaves(3);  // for one, and the file in which it is noted
    {
      const test::open_files_limit few(limit);
      detail::beside first(ctx.scheduler());
      detail::beside second(ctx.scheduler());
      first.start(start("web", what, web));
      second.start(start("db", marked, db));  // while the first waits for its answer
      (void)co_await first.join();
      (void)co_await second.join();
    }
    EXPECT_TRUE(web);
    EXPECT_FALSE(db);
    if (!web || db) co_return {};
    EXPECT_EQ(db.error().to_string(), no_descriptors + std::to_string(limit) + because);
    EXPECT_TRUE(db.error().is(std::make_error_code(std::errc::too_many_files_open)));

    db = co_await programs.spawn(ctx, "db", "note", what, {});
    EXPECT_TRUE(db);
    for (const auto& each : {web, db}) {
      if (each) co_await or_return(programs.end(ctx, *each));
    }
    co_return {};
  };
  const auto ended = asio_test::run_on(io_, on_, [&](context& ctx) { return programs.run(ctx, use); });
  EXPECT_TRUE(ended) << ended.error().to_string();
  EXPECT_FALSE(std::filesystem::exists(folder_ / "executed"));
  EXPECT_THAT(warnings_, ::testing::IsEmpty());
}

TEST_F(KeeperSpawner, AProgramWhoseDescriptorsFindNoRoomIsEndedAndForgottenBeforeItsStartFails) {
  if (is_sanitized()) GTEST_SKIP() << "sanitizers need descriptors of their own";
  crowding_keeper keeper(crowding_keeper::fate::leaves);
  keeper_spawner programs = spawner_of(keeper.take_link());
  const auto use = [&](context& ctx) -> task<> {
    const program_spec what = shell("exec sleep 1000");
    const spawner::held web = co_await or_return(programs.spawn(ctx, "web", "note", what, {}));
    const auto db = co_await programs.spawn(ctx, "db", "note", what, {});
    EXPECT_EQ(db ? "success" : db.error().to_string(), no_descriptors + std::to_string(none_beside_stdin) + because);
    EXPECT_FALSE(web->orphaned);
    co_return co_await programs.end(ctx, web);
  };
  const auto ended = asio_test::run_on(io_, on_, [&](context& ctx) { return programs.run(ctx, use); });
  EXPECT_TRUE(ended) << ended.error().to_string();
  EXPECT_THAT(keeper.asked(), ::testing::ElementsAre("start web", "start db", "signal 2", "forget 2", "signal 1", "forget 1"));
  EXPECT_THAT(warnings_, ::testing::IsEmpty());
}

TEST_F(KeeperSpawner, AProgramWhoseDescriptorsFindNoRoomIsEndedAlsoWhenItsKeeperDies) {
  if (is_sanitized()) GTEST_SKIP() << "sanitizers need descriptors of their own";
  crowding_keeper keeper(crowding_keeper::fate::dies);
  keeper_spawner programs = spawner_of(keeper.take_link());
  const auto use = [&](context& ctx) -> task<> {
    const program_spec what = shell("exec sleep 1000");
    const spawner::held web = co_await or_return(programs.spawn(ctx, "web", "note", what, {}));
    const auto db = co_await programs.spawn(ctx, "db", "note", what, {});
    EXPECT_THAT(db ? "success" : db.error().to_string(), HasSubstr("Too many open files"));
    EXPECT_TRUE(web->orphaned);
    co_return co_await programs.end(ctx, web);
  };
  const auto ended = asio_test::run_on(io_, on_, [&](context& ctx) { return programs.run(ctx, use); });
  EXPECT_TRUE(ended) << ended.error().to_string();
  EXPECT_THAT(keeper.asked(), ::testing::ElementsAre("start web", "start db", "signal 2", ended_by_term, ended_by_term));
}

// The keeper alone could reach it, and has taken the request to its grave.
TEST_F(KeeperSpawner, AProgramWhoseDescriptorsFindRoomOnlyAfterItsKeeperHasDiedIsAskedToEndThen) {
  if (is_sanitized()) GTEST_SKIP() << "sanitizers need descriptors of their own";
  crowding_keeper keeper(crowding_keeper::fate::dies_without_room);
  const auto renew = [&] {
    keeper.make_room();
    return connect_or_start_keeper(folder_ / "keeper.sock", test::self());
  };
  keeper_spawner programs(io_, keeper.take_link(), process_register(folder_ / "running"), renew, [](const std::string&) {});
  const auto use = [&](context& ctx) -> task<> {
    const program_spec what = shell("exec sleep 1000");
    const spawner::held web = co_await or_return(programs.spawn(ctx, "web", "note", what, {}));
    const auto db = co_await programs.spawn(ctx, "db", "note", what, {});
    EXPECT_THAT(db ? "success" : db.error().to_string(), HasSubstr("Too many open files"));
    co_return co_await programs.end(ctx, web);
  };
  const auto ended = asio_test::run_on(io_, on_, [&](context& ctx) { return programs.run(ctx, use); });
  EXPECT_TRUE(ended) << ended.error().to_string();
  EXPECT_THAT(keeper.asked(), ::testing::ElementsAre("start web", "start db", "signal 2", ended_by_term, ended_by_term));
}

TEST_F(KeeperSpawner, ARunWithTooFewDescriptorsForThoseThatAreLeftFailsAndTouchesNothing) {
  if (is_sanitized()) GTEST_SKIP() << "sanitizers need descriptors of their own";
  auto former = test::keeper_client::connect_or_start(folder_ / "keeper.sock");
  for (const auto* key : {"a", "b", "c"}) ASSERT_TRUE(former.spawn(key, shell("exec sleep 1000")));
  process_register noted(folder_ / "running");  // also what no keeper holds
  const auto start_time = start_time_of(::getpid());
  ASSERT_TRUE(start_time);
  ASSERT_TRUE(noted.add({"orphan", {boot_id().value_or(""), ::getpid(), *start_time}, ""}));
  const auto noted_before = noted.read();
  ASSERT_TRUE(noted_before);
  former = test::keeper_client(keeper_link());
  {
    auto link = connect_keeper(folder_ / "keeper.sock");
    ASSERT_TRUE(link) << link.error().to_string();
    keeper_spawner programs = spawner_of(std::move(*link));
    const auto never = [](context&) -> task<> {
      ADD_FAILURE() << "it is ready without some of its programs";
      co_return {};
    };
    const auto limit = test::limit_that_leaves(5);
    const test::open_files_limit few(limit);
    const auto ended = asio_test::run_on(io_, on_, [&](context& ctx) { return programs.run(ctx, never); });
    EXPECT_EQ(ended ? "success" : ended.error().to_string(),
              "the keeper holds 3 programs: two descriptors for each, of which the daemon may have " + std::to_string(limit) + because);
  }
  EXPECT_EQ(noted.read().value(), *noted_before);
  auto next = test::keeper_client::connect_or_start(folder_ / "keeper.sock");
  const auto left = next.list();
  EXPECT_EQ(left.size(), 3U);
  for (const auto& each : left) EXPECT_EQ(each.what.state.phase, detail::held_phase::running);
  EXPECT_THAT(warnings_, ::testing::IsEmpty());
  next.clean_up();
}

/// A process that nobody holds, as the register knows it.
registered_process left_without_keeper(const std::string& key, pid_t pid) {
  const auto start_time = start_time_of(pid);
  EXPECT_TRUE(start_time);
  return {key, {boot_id().value_or(""), pid, start_time.value_or(0)}, "note"};
}

TEST_F(KeeperSpawner, ARunThatCannotLookForOneThatIsNotHeldFailsAndTouchesNothing) {
  if (is_sanitized()) GTEST_SKIP() << "sanitizers need descriptors of their own";
  process_register noted(folder_ / "running");
  for (const char* key : {"web", "db"}) ASSERT_TRUE(noted.add(left_without_keeper(key, ::getpid())));
  const auto noted_before = noted.read();
  noted = process_register(folder_ / "running");
  for (std::size_t left = 0; left < 3; ++left) {
    auto link = connect_or_start_keeper(folder_ / "keeper.sock", test::self());
    ASSERT_TRUE(link) << link.error().to_string();
    keeper_spawner programs = spawner_of(std::move(*link));
    const auto never = [](context&) -> task<> {
      ADD_FAILURE() << "it is ready, and one may run that it does not know";
      co_return {};
    };
    const test::open_files_limit few(test::limit_that_leaves(left));
    const auto ended = asio_test::run_on(io_, on_, [&](context& ctx) { return programs.run(ctx, never); });
    EXPECT_TRUE(!ended && ended.error().is(std::make_error_code(std::errc::too_many_files_open)));
    EXPECT_THAT(ended ? "success" : ended.error().to_string(), HasSubstr(left == 0 ? folder_ / "running" : std::to_string(::getpid())));
  }
  EXPECT_EQ(noted.read().value(), noted_before.value());
  EXPECT_THAT(warnings_, ::testing::IsEmpty());
}

// Asked twice, many a program ends at once. A start waits for it, and one that has less time than that does not take it from it.
TEST_F(KeeperSpawner, WhatIsEndedByItsUserIsAskedOnceAndHasItsTimeWhateverTheNextStartHas) {
  auto former = test::keeper_client::connect_or_start(folder_ / "former.sock");
  const auto asked = folder_ / "asked";
  const auto left = former.spawn("web", shell("trap 'echo asked >> " + asked + "' TERM; touch " + folder_ / "up" + "; while :; do sleep 0.01; done"));
  ASSERT_TRUE(left);
  while (!std::filesystem::exists(folder_ / "up")) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const pid_t pid = left->what.pid;
  ASSERT_TRUE(process_register(folder_ / "running").add(left_without_keeper("web", pid)));

  auto link = connect_or_start_keeper(folder_ / "keeper.sock", test::self());
  ASSERT_TRUE(link) << link.error().to_string();
  keeper_spawner programs = spawner_of(std::move(*link));
  programs.end_those_left([](const std::string&, std::string_view) {
    program_options how;
    how.stop = [](const std::string&) { return farewell{.signal = SIGTERM, .deadline = std::chrono::seconds(2)}; };
    return how;
  });
  const auto use = [&](context& ctx) -> task<> {
    const auto found = programs.unclaimed();
    EXPECT_EQ(found.size(), 1U);
    if (found.empty()) co_return errc::failed;
    const spawner::held one = found.begin()->second;
    detail::beside ending(ctx.scheduler());
    ending.start(programs.end(ctx, one));
    auto slept = co_await ctx.sleep_for(std::chrono::milliseconds(20));
    if (!slept) co_return slept;
    EXPECT_TRUE(one->ending_since);
    EXPECT_TRUE(programs.unclaimed().contains("web")) << "as long as it lives";
    context of_the_next(ctx);
    of_the_next.stop();
    const program_spec what = shell("exec sleep 1000");
    const auto next = co_await programs.spawn(of_the_next, "web", "note", what, {});
    EXPECT_FALSE(next);
    EXPECT_FALSE(one->is_gone());
    EXPECT_FALSE(one->killed);
    const auto third = co_await programs.spawn(ctx, "web", "note", what, {});
    EXPECT_TRUE(one->is_gone()) << "who has the time waits for it";
    EXPECT_TRUE(one->killed);
    (void)co_await ending.join();
    if (!third) co_return errc::failed;
    co_await or_return(programs.end(ctx, *third));
    EXPECT_TRUE(programs.unclaimed().empty());
    co_return {};
  };
  const auto ended = asio_test::run_on(io_, on_, [&](context& ctx) { return programs.run(ctx, use); });
  EXPECT_TRUE(ended) << ended.error().to_string();
  std::ifstream file(asked);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "asked\n");
  EXPECT_THAT(warnings_, ::testing::ElementsAre("web: process " + std::to_string(pid) + " runs on without a keeper; it is ended"));
  former.clean_up();
}

// As one that has to make way for another, which is asked to stop before it could start.
TEST_F(KeeperSpawner, WhatIsEndedHasItsTimeUntilAllIsForced) {
  const auto connect = [this] { return connect_or_start_keeper(folder_ / "keeper.sock", test::self()); };
  auto link = connect();
  ASSERT_TRUE(link) << link.error().to_string();
  keeper_spawner programs(io_, std::move(*link), process_register(folder_ / "running"), connect, [](const std::string&) {});
  const auto end_of = [&](context& ctx, std::string key, bool force) -> task<> {
    const program_spec what =
        shell("cd " + folder_.path().string() + "; trap 'touch asked." + key + "; exit 0' TERM; touch up." + key + "; while :; do sleep 0.01; done");
    auto starting = programs.spawn(ctx, key, "note", what, {});
    auto living = co_await or_return(std::move(starting));
    while (!std::filesystem::exists(folder_ / ("up." + key))) {
      auto slept = co_await ctx.sleep_for(std::chrono::milliseconds(2));
      if (!slept) co_return slept;
    }
    context above(ctx);
    context of_the_next(above);
    (force ? above : of_the_next).stop();
    co_return co_await programs.end(of_the_next, living);
  };
  const auto use = [&](context& ctx) -> task<> {
    auto asked = end_of(ctx, "web", false);
    co_await or_return(std::move(asked));
    auto forced = end_of(ctx, "db", true);
    co_return co_await std::move(forced);
  };
  const auto ended = asio_test::run_on(io_, on_, [&](context& ctx) { return programs.run(ctx, use); });
  EXPECT_TRUE(ended) << ended.error().to_string();
  EXPECT_TRUE(std::filesystem::exists(folder_ / "asked.web"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "asked.db"));
}

}  // namespace
}  // namespace steward
