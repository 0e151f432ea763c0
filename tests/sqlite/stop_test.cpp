// SPDX-License-Identifier: Apache-2.0
//
// Stops and threads: a call that waits ends with its context, wherever it waits; a write that runs is finished.
#include "steward/sqlite/detail/sqlite_session.hpp"
#include "steward/testing/background.hpp"
#include "steward/wait.hpp"
#include "support.hpp"

#include <gmock/gmock.h>
#include <signal.h>

#include <atomic>
#include <functional>
#include <iostream>
#include <memory>
#include <random>
#include <semaphore>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace steward {
namespace {

using namespace std::chrono_literals;
using test::opened;
using test::temporary_folder;
using test::text_of;
using ::testing::HasSubstr;

/// Holds the database's thread for reads, or for writes, until it is let go.
class holding_job final : public detail::database_job {
 public:
  explicit holding_job(detail::job_kind kind) noexcept : database_job(kind) {}

  std::function<void(detail::sqlite_session&)> first = [](detail::sqlite_session& session) { session.touch(); };
  std::binary_semaphore began{0};
  std::binary_semaphore let_go{0};

 private:
  result<> run(detail::sqlite_session& session) override {
    first(session);
    began.release();
    let_go.acquire();
    session.touch();
    return {};
  }
};

/// Reads for ever, so that only an interruption ends it.
class endless_job final : public detail::database_job {
 public:
  endless_job() noexcept : database_job(detail::job_kind::read) {}

  std::binary_semaphore began{0};

 private:
  class nowhere final : public detail::row_sink {
    void accept(detail::stored_row /*row*/) override {}
  };
  result<> run(detail::sqlite_session& session) override {
    began.release();
    nowhere sink;
    for (;;) session.page("rows", std::nullopt, sink);
  }
};

template <class Job>
task<> perform(sqlite_database& on, context& ctx, Job& job) {
  co_return co_await on.perform(ctx, job);
}

class DatabaseStop : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(text_of(here.open()), "success");
    ASSERT_TRUE(here.put("web", "1"));
  }

  /// Starts `body` under a context of its own, stops that, and returns how it ended: while something else still holds it up.
  template <class Body>
  static task<std::string> stopped_while_waiting(context& ctx, Body& body) {
    context own(ctx);
    testing::background<void> waiting(ctx.scheduler(), body(own));
    co_await or_return(co_await ctx.sleep_for(1ms));
    EXPECT_EQ(waiting.text(), "running");
    own.stop(stop_reason::shutdown);
    co_await waiting;
    co_return waiting.text();
  }

  temporary_folder folder;
  std::filesystem::path file = folder / "steward.db";
  opened here{file, 1h};
};

TEST_F(DatabaseStop, ACallThatWaitsForItsTurnEnds) {
  const auto done = sync_wait([this](context& ctx) -> task<> {
    holding_job reading(detail::job_kind::read);
    holding_job writing(detail::job_kind::write);
    testing::background<void> held_reads(ctx.scheduler(), perform(here.database, ctx, reading));
    testing::background<void> held_writes(ctx.scheduler(), perform(here.database, ctx, writing));
    co_await or_return(co_await ctx.sleep_for(0ms));
    reading.began.acquire();
    writing.began.acquire();
    const std::string key = "web";
    auto read = [this, &key](context& own) -> task<> {
      auto got = co_await here.rows.get(own, key);
      if (!got) co_return got.error();
      co_return {};
    };
    auto write = [this](context& own) -> task<> {
      auto put = co_await here.rows.put(own, "new", "1");
      if (!put) co_return put.error();
      co_return {};
    };
    EXPECT_EQ(*co_await stopped_while_waiting(ctx, read), "stopped: shutdown");
    EXPECT_EQ(*co_await stopped_while_waiting(ctx, write), "stopped: shutdown");
    reading.let_go.release();
    writing.let_go.release();
    co_await held_reads;
    co_await held_writes;
    co_return {};
  });
  EXPECT_EQ(text_of(done), "success");
  EXPECT_EQ(here.all()->size(), 1U) << "what was stopped was not written";
}

TEST_F(DatabaseStop, AWriteThatWaitsForAnotherProcessEnds) {
  auto another = test::other(file);
  another.exec("begin immediate");
  auto write = [this](context& own) -> task<> {
    auto put = co_await here.rows.put(own, "new", "1");
    if (!put) co_return put.error();
    co_return {};
  };
  const auto ended = sync_wait([&](context& ctx) { return stopped_while_waiting(ctx, write); });
  EXPECT_EQ(*ended, "stopped: shutdown");
  another.exec("rollback");
  EXPECT_EQ(here.all()->size(), 1U);
}

TEST_F(DatabaseStop, AnOpeningThatWaitsForAnotherProcessEnds) {
  ASSERT_TRUE(here.close());
  auto another = test::other(file);
  another.exec("pragma locking_mode = exclusive; begin exclusive; commit");
  auto open = [this](context& own) -> task<> { co_return co_await here.database.open(own); };
  const auto ended = sync_wait([&](context& ctx) { return stopped_while_waiting(ctx, open); });
  EXPECT_EQ(*ended, "stopped: shutdown");
}

TEST_F(DatabaseStop, AReadThatRunsIsInterrupted) {
  const auto done = sync_wait([this](context& ctx) -> task<> {
    context own(ctx);
    endless_job endless;
    testing::background<void> running(ctx.scheduler(), perform(here.database, own, endless));
    co_await or_return(co_await ctx.sleep_for(0ms));
    endless.began.acquire();
    own.stop(stop_reason::deadline);
    co_await running;
    EXPECT_EQ(running.text(), "stopped: deadline");
    co_return {};
  });
  EXPECT_EQ(text_of(done), "success");
  EXPECT_EQ(text_of(here.check()), "success") << "the interruption was for one call";
  EXPECT_FALSE(here.database.trouble());
}

TEST_F(DatabaseStop, AWriteThatRunsIsFinishedAndTellsItsEnd) {
  const auto done = sync_wait([this](context& ctx) -> task<> {
    context own(ctx);
    holding_job holding(detail::job_kind::write);
    testing::background<void> running(ctx.scheduler(), perform(here.database, own, holding));
    co_await or_return(co_await ctx.sleep_for(0ms));
    holding.began.acquire();
    own.stop(stop_reason::shutdown);
    co_await or_return(co_await ctx.sleep_for(1ms));
    EXPECT_EQ(running.text(), "running");
    holding.let_go.release();
    co_await running;
    EXPECT_EQ(running.text(), "success");
    co_return {};
  });
  EXPECT_EQ(text_of(done), "success");
}

TEST_F(DatabaseStop, AReadDoesNotWaitForAWriteAndSeesNothingOfItBeforeItsEnd) {
  const auto done = sync_wait([this](context& ctx) -> task<> {
    holding_job holding(detail::job_kind::write);
    holding.first = [](detail::sqlite_session& session) { session.erase("rows", stored_key("web")); };
    testing::background<void> running(ctx.scheduler(), perform(here.database, ctx, holding));
    co_await or_return(co_await ctx.sleep_for(0ms));
    holding.began.acquire();
    const std::string key = "web";
    auto got = co_await here.rows.get(ctx, key);
    EXPECT_EQ(text_of(got), "success");
    EXPECT_EQ(running.text(), "running");
    holding.let_go.release();
    co_await running;
    got = co_await here.rows.get(ctx, key);
    EXPECT_FALSE(got) << "what was awaited is seen";
    co_return {};
  });
  EXPECT_EQ(text_of(done), "success");
}

TEST_F(DatabaseStop, WhoAwaitsItsWriteReadsItWhateverOthersDo) {
  const int rounds = test::fewer_if_sanitized(500);
  const auto write_and_read = [this, rounds](context& ctx, std::string key) -> task<> {
    for (int n = 0; n < rounds; ++n) {
      const auto value = std::to_string(n);
      co_await or_return(here.rows.put(ctx, key, value));
      const auto got = co_await or_return(here.rows.get(ctx, key));
      if (*got.value != value) co_return error(errc::failed, key + " is " + *got.value + " after it was set to " + value);
    }
    co_return {};
  };
  const auto done = sync_wait([&](context& ctx) -> task<> {
    testing::background<void> one(ctx.scheduler(), write_and_read(ctx, "one"));
    testing::background<void> two(ctx.scheduler(), write_and_read(ctx, "two"));
    testing::background<void> three(ctx.scheduler(), write_and_read(ctx, "three"));
    for (auto* each : {&one, &two, &three}) {
      co_await *each;
      EXPECT_EQ(each->text(), "success");
    }
    co_return {};
  });
  EXPECT_EQ(text_of(done), "success");
}

TEST_F(DatabaseStop, ACloseWaitsForTheWriteThatRuns) {
  const auto done = sync_wait([this](context& ctx) -> task<> {
    holding_job holding(detail::job_kind::write);
    testing::background<void> running(ctx.scheduler(), perform(here.database, ctx, holding));
    co_await or_return(co_await ctx.sleep_for(0ms));
    holding.began.acquire();
    testing::background<void> closing(ctx.scheduler(), here.database.close(ctx));
    co_await or_return(co_await ctx.sleep_for(1ms));
    EXPECT_EQ(closing.text(), "running");
    holding.let_go.release();
    co_await running;
    co_await closing;
    EXPECT_EQ(running.text(), "success");
    EXPECT_EQ(closing.text(), "success");
    co_return {};
  });
  EXPECT_EQ(text_of(done), "success");
}

TEST_F(DatabaseStop, UnderAStoppedContextNothingBeginsButAClose) {
  const auto done = sync_wait([this](context& ctx) -> task<> {
    context own(ctx);
    own.stop(stop_reason::shutdown);
    auto put = co_await here.rows.put(own, "new", "1");
    EXPECT_EQ(text_of(put), "stopped: shutdown");
    auto opening = co_await here.database.open(own);
    EXPECT_EQ(text_of(opening), "stopped: shutdown");
    co_return co_await here.database.close(own);
  });
  EXPECT_EQ(text_of(done), "success");
  EXPECT_THAT(text_of(here.check()), HasSubstr("not open"));
  ASSERT_TRUE(here.open());
  EXPECT_EQ(here.all()->size(), 1U);
}

TEST_F(DatabaseStop, ACallComesBackOnItsOwnScheduler) {
  const auto me = std::this_thread::get_id();
  const auto done = sync_wait([&](context& ctx) -> task<> {
    for (int n = 0; n < 100; ++n) {
      co_await or_return(here.database.check(ctx));
      EXPECT_EQ(std::this_thread::get_id(), me);
    }
    co_return {};
  });
  EXPECT_EQ(text_of(done), "success");
}

/// Does what it is told on the database's thread.
class doing_job final : public detail::database_job {
 public:
  doing_job(detail::job_kind kind, std::function<void(detail::sqlite_session&)> what) : database_job(kind), what_(std::move(what)) {}

 private:
  result<> run(detail::sqlite_session& session) override {
    what_(session);
    return {};
  }

  std::function<void(detail::sqlite_session&)> what_;
};

TEST_F(DatabaseStop, SignalsAreForOtherThreads) {
  sigset_t blocked{};
  doing_job job(detail::job_kind::read, [&](detail::sqlite_session&) { ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked); });
  EXPECT_TRUE(sync_wait([&](context& ctx) { return perform(here.database, ctx, job); }));
  for (const int signal : {SIGTERM, SIGINT, SIGCHLD, SIGHUP}) EXPECT_EQ(::sigismember(&blocked, signal), 1);
  sigset_t own{};
  ::pthread_sigmask(SIG_BLOCK, nullptr, &own);
  EXPECT_EQ(::sigismember(&own, SIGTERM), 0);
}

TEST_F(DatabaseStop, R7_AnExceptionInAJobIsAnErrorAndUndoesItsWrites) {
  doing_job job(detail::job_kind::write, [](detail::sqlite_session& session) {
    session.erase("rows", stored_key("web"));
    throw std::runtime_error("boom");
  });
  const auto done = sync_wait([&](context& ctx) { return perform(here.database, ctx, job); });
  EXPECT_EQ(text_of(done), "std::runtime_error: boom");
  EXPECT_EQ(here.all()->size(), 1U);
}

TEST_F(DatabaseStop, AReadCannotChangeAnything) {
  doing_job job(detail::job_kind::read, [](detail::sqlite_session& session) { session.erase("rows", stored_key("web")); });
  EXPECT_FALSE(sync_wait([&](context& ctx) { return perform(here.database, ctx, job); }));
  EXPECT_EQ(here.all()->size(), 1U);
}

using DatabaseStopDeathTest = DatabaseStop;

TEST_F(DatabaseStopDeathTest, PR11_DestroyingItDuringACallIsReportedByName) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto destroy = [this] {
    (void)sync_wait([this](context& ctx) -> task<> {
      auto database = std::make_unique<sqlite_database>(folder / "second.db");
      co_await or_return(database->open(ctx));
      holding_job holding(detail::job_kind::read);
      testing::background<void> held(ctx.scheduler(), perform(*database, ctx, holding));
      co_await or_return(co_await ctx.sleep_for(0ms));
      holding.began.acquire();
      database.reset();
      co_return {};
    });
  };
  EXPECT_DEATH(destroy(), "sqlite_database \".*second.db\" destroyed before its calls have ended");
}

TEST_F(DatabaseStop, AStoppedWriteWasNotWrittenAndAnAcknowledgedOneWas) {
  const int rounds = test::fewer_if_sanitized(300);
  constexpr int threads = 3;
  std::atomic<int> stops{0};
  std::vector<std::set<std::string>> acknowledged(threads);
  const auto write = [&](int thread) {
    std::mt19937 random(static_cast<unsigned>(thread));
    for (int n = 0; n < rounds; ++n) {
      const auto key = std::to_string(thread) + " " + std::to_string(n);
      const auto delay = std::chrono::microseconds(random() % 300);
      const auto put = sync_wait([&](context& ctx) -> task<> {
        context own(ctx);
        std::jthread stopper([&own, delay] {
          std::this_thread::sleep_for(delay);
          own.stop();
        });
        auto done = co_await here.rows.put(own, key, "1");
        stopper.join();
        if (!done) co_return done.error();
        co_return {};
      });
      if (put)
        acknowledged[static_cast<std::size_t>(thread)].insert(key);
      else
        stops += put.error().is_stop() ? 1 : 1'000'000;
    }
  };
  {
    std::vector<std::jthread> all;
    for (int thread = 0; thread < threads; ++thread) all.emplace_back(write, thread);
  }
  std::set<std::string> expected{"web"};
  for (auto& each : acknowledged) expected.merge(each);
  std::set<std::string> found;
  const auto all = here.all();
  ASSERT_EQ(text_of(all), "success");
  for (const auto& [key, value] : *all) found.insert(key);
  EXPECT_EQ(found, expected);
  EXPECT_EQ(stops + static_cast<int>(expected.size()) - 1, threads * rounds) << "there was another error than a stop";
  std::cout << stops << " of " << threads * rounds << " were stopped\n";
}

}  // namespace
}  // namespace steward
