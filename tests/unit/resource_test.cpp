// SPDX-License-Identifier: Apache-2.0
#include "steward/resource.hpp"

#include "steward/chain.hpp"
#include "steward/deadline_context.hpp"
#include "steward/named.hpp"
#include "steward/testing/gate.hpp"
#include "steward/testing/journal.hpp"
#include "steward/testing/run_virtual.hpp"
#include "steward/wait.hpp"

#include <gmock/gmock.h>

#include <stdexcept>

namespace steward {
namespace {

using namespace std::chrono_literals;
using testing::background;
using ::testing::ElementsAre;
using testing::gate;
using testing::journal;
using testing::run_virtual;
using testing::virtual_scheduler;

/// Counts how many are alive. Can be moved, not copied.
class connection {
 public:
  explicit connection(int* alive, std::string text) : alive_(alive), text_(std::move(text)) { ++*alive_; }
  connection(connection&& other) noexcept : alive_(other.alive_), text_(std::move(other.text_)) { ++*alive_; }
  connection& operator=(connection&&) = delete;
  ~connection() { --*alive_; }

  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  int* alive_;
  std::string text_;
};

TEST(Resource, LaterStageUsesWhatAnEarlierOneOpened) {
  int alive = 0;
  journal log;
  const auto open = [&](context& ctx) -> task<connection> {
    log.add(ctx, "open");
    co_return connection(&alive, "users.db");
  };
  const auto close = [&](context& ctx, connection& value) -> task<> {
    log.add(ctx, "close " + value.text());
    EXPECT_EQ(alive, 1);
    co_return {};
  };
  const resource<connection> database("database", open, close);
  const auto http = [&log, users = database.get_ref()](context& ctx, callback ready) -> task<> {
    const auto handle = co_await or_return(users.get());
    log.add(ctx, "http has " + handle->text());
    co_return co_await ready(ctx);
  };
  const auto use = [&log](context& ctx) -> task<> {
    log.add(ctx, "in use");
    co_return {};
  };
  const runnable app = chain(database, named("http", http));
  EXPECT_TRUE(run_virtual([&](context& ctx) { return app.run(ctx, use); }).has_value());
  EXPECT_THAT(log.lines(), ElementsAre("open", "http has users.db", "in use", "close users.db"));
  EXPECT_EQ(alive, 0);
}

TEST(Resource, UseOutsideTheTimeThatItIsHeldIsRefusedByName) {
  int alive = 0;
  const auto refused = [](const resource<connection>::ref& of) {
    const auto got = of.get();
    EXPECT_FALSE(got);
    EXPECT_EQ(got.error().code(), make_error_code(errc::resource_not_ready));
    EXPECT_EQ(got.error().to_string(), "resource \"database\" is not ready: it can be used only while its callback runs");
  };
  std::optional<resource<connection>::ref> kept;
  const auto open = [&](context&) -> task<connection> {
    refused(*kept);
    co_return connection(&alive, "users.db");
  };
  const auto close = [&](context&, connection&) -> task<> {
    refused(*kept);
    co_return {};
  };
  {
    resource<connection> database("database", open, close);
    kept.emplace(database);
    refused(*kept);
    const auto use = [&](context&) -> task<> {
      EXPECT_TRUE(kept->get().has_value());
      co_return {};
    };
    EXPECT_TRUE(run_virtual([&](context& ctx) { return database.run(ctx, use); }).has_value());
    refused(*kept);
  }
  refused(*kept);
}

TEST(Resource, KeptValueDoesNotDangle) {
  int alive = 0;
  const auto open = [&](context&) -> task<connection> { co_return connection(&alive, "users.db"); };
  resource<connection> database("database", open);
  std::shared_ptr<connection> kept;
  const auto use = [&](context&) -> task<> {
    kept = co_await or_return(database.get_ref().get());
    co_return {};
  };
  EXPECT_TRUE(run_virtual([&](context& ctx) { return database.run(ctx, use); }).has_value());
  EXPECT_EQ(alive, 1);
  EXPECT_EQ(kept->text(), "users.db");
  kept.reset();
  EXPECT_EQ(alive, 0);
}

TEST(Resource, SS1_OpenErrorIsTheResultByNameAndNothingElseIsCalled) {
  int others = 0;
  const auto use = [&](context&) -> task<> {
    ++others;
    co_return {};
  };
  const auto close = [&](context&, int&) -> task<> {
    ++others;
    co_return {};
  };
  resource<int> failing("database", [](context&) -> task<int> { co_return error("no such file"); }, close);
  resource<int> throwing("database", [](context&) -> task<int> { throw std::runtime_error("no such file"); }, close);
  resource<int> empty("database", {}, close);
  EXPECT_EQ(run_virtual([&](context& ctx) { return failing.run(ctx, use); }).error().to_string(), "database: no such file");
  EXPECT_EQ(run_virtual([&](context& ctx) { return throwing.run(ctx, use); }).error().to_string(), "database: std::runtime_error: no such file");
  EXPECT_EQ(run_virtual([&](context& ctx) { return empty.run(ctx, use); }).error().code(), make_error_code(errc::empty_runnable));
  EXPECT_EQ(others, 0);
}

TEST(Resource, SS2_ResultIsTheCallbacksErrorElseThatOfClose) {
  for (const bool callback_fails : {false, true}) {
    int closes = 0;
    resource<int> what(
        "database", [](context&) -> task<int> { co_return 7; },
        [&](context&, int&) -> task<> {
          ++closes;
          throw std::runtime_error("disk full");
        });
    const auto use = [&](context&) -> task<> {
      if (callback_fails) co_return error("in use");
      co_return {};
    };
    const auto outcome = run_virtual([&](context& ctx) { return what.run(ctx, use); });
    EXPECT_EQ(closes, 1);
    EXPECT_EQ(outcome.error().to_string(), callback_fails ? "in use" : "database: std::runtime_error: disk full");
    EXPECT_THAT(outcome.error().to_tree(), ::testing::HasSubstr("disk full"));
  }
}

TEST(Resource, SS2_ForcedEndClosesToo) {
  journal log;
  resource<int> what(
      "database", [](context&) -> task<int> { co_return 7; },
      [&](context& ctx, int&) -> task<> {
        log.add(ctx, ctx.is_stopped() ? "close, forced" : "close");
        co_return {};
      });
  const auto use = [&](context& ctx) -> task<> {
    (void)co_await ctx.stopped();
    co_return {};
  };
  const auto body = [&](context& ctx) -> task<> {
    deadline_context own(ctx, 10ms);
    co_return co_await what.run(own, use);
  };
  EXPECT_TRUE(run_virtual(body).has_value());
  EXPECT_THAT(log.timed(), ElementsAre("10ms close, forced"));
}

TEST(Resource, R9_RunsAgainButNotTwiceAtATime) {
  int opened = 0;
  resource<int> what("database", [&](context&) -> task<int> { co_return ++opened; });
  gate release;
  const auto use = [&](context&) -> task<> {
    co_await release.passed();
    co_return {};
  };
  virtual_scheduler time;
  root_context root(time);
  background first(time, what.run(root, use));
  background second(time, what.run(root, use));
  time.run();
  EXPECT_EQ(second.text(), "resource \"database\" is run already: make another one to hold two at a time");
  EXPECT_EQ(**what.get_ref().get(), 1) << "the second run did not touch what the first one holds";
  release.open();
  time.run();
  EXPECT_EQ(first.text(), "success");
  background third(time, what.run(root, use));
  time.run();
  EXPECT_EQ(third.text(), "success");
  EXPECT_EQ(opened, 2);
}

TEST(Resource, ContextsOpenCallbackAndCloseGetTheRunsOwn) {
  std::vector<const context*> seen;
  resource<int> what(
      "database",
      [&](context& ctx) -> task<int> {
        seen.push_back(&ctx);
        co_return 7;
      },
      [&](context& ctx, int&) -> task<> {
        seen.push_back(&ctx);
        co_return {};
      });
  const auto use = [&](context& ctx) -> task<> {
    seen.push_back(&ctx);
    co_return {};
  };
  const auto body = [&](context& ctx) -> task<> {
    context own(ctx);
    const auto outcome = co_await what.run(own, use);
    EXPECT_THAT(seen, ElementsAre(&own, &own, &own));
    co_return outcome;
  };
  EXPECT_TRUE(run_virtual(body).has_value());
}

}  // namespace
}  // namespace steward
