// SPDX-License-Identifier: Apache-2.0
#include "steward/straggler.hpp"

#include "steward/chain.hpp"
#include "steward/named.hpp"
#include "steward/parallel.hpp"
#include "steward/process.hpp"
#include "steward/resource.hpp"
#include "steward/root_context.hpp"
#include "steward/start_stop.hpp"
#include "steward/testing/background.hpp"
#include "steward/testing/scripted.hpp"
#include "steward/testing/virtual_scheduler.hpp"
#include "steward/wait.hpp"

#include <gmock/gmock.h>

namespace steward {
namespace {

using namespace std::chrono_literals;
using testing::background;
using ::testing::ElementsAre;
using testing::scripted;
using ::testing::UnorderedElementsAre;
using testing::virtual_scheduler;

std::vector<std::string> paths(const std::vector<straggler>& of, bool only_innermost = false) {
  std::vector<std::string> names;
  for (const straggler& each : of)
    if (!only_innermost || each.innermost) names.push_back(each.path);
  return names;
}

/// A process that runs `what`, started.
struct running {
  explicit running(runnable what, std::string_view name = "app") : app(root, std::move(what), name) {
    background started(time, app.start(root));
    time.run_until_idle();
    EXPECT_EQ(started.text(), "success");
  }
  ~running() {
    app.force();
    time.run();
    EXPECT_TRUE(app.is_done());
  }

  virtual_scheduler time;
  root_context root{time};
  process app;
};

TEST(Stragglers, NothingRunsNothingIsListed) {
  virtual_scheduler time;
  const root_context root(time);
  EXPECT_TRUE(stragglers(root).empty());
}

TEST(Stragglers, PathsShowWhatRunsInsideWhat) {
  const running all(named("service", parallel(named("http", nop()), named("worker", nop()))));
  EXPECT_THAT(paths(stragglers(all.root)), UnorderedElementsAre("app", "app/service", "app/service/http", "app/service/worker"));
  EXPECT_THAT(paths(stragglers(all.root), true), UnorderedElementsAre("app/service/http", "app/service/worker"));
}

TEST(Stragglers, StagesOfAChainRunInsideOneAnother) {
  const auto nothing = [](context&) -> task<> { co_return {}; };
  const running all(named("service", chain(named("database", start_stop(nothing, nothing)), named("http", nop()))));
  EXPECT_THAT(paths(stragglers(all.root)), ElementsAre("app", "app/service", "app/service/database", "app/service/database/http"));
}

TEST(Stragglers, ResourcesAreListedByTheirName) {
  const resource<int> database("database", [](context&) -> task<int> { co_return 7; });
  const running all(chain(database, named("http", nop())));
  EXPECT_THAT(paths(stragglers(all.root)), ElementsAre("app", "app/database", "app/database/http"));
}

TEST(Stragglers, ProcessesInsideProcessesAreFollowed) {
  const runnable outer = [](context& ctx, callback ready) -> task<> {
    process inner(ctx, named("http", nop()), "inner");
    const runnable nested = start_stop(inner);
    co_return co_await nested.run(ctx, ready);
  };
  const running all(named("service", outer));
  EXPECT_THAT(paths(stragglers(all.root)), ElementsAre("app", "app/service", "app/service/inner", "app/service/inner/http"));
}

TEST(Stragglers, ProcessesWithoutANameShowAsAQuestionMark) {
  const running all(named("http", nop()), "");
  EXPECT_THAT(paths(stragglers(all.root)), ElementsAre("?", "?/http"));
}

TEST(Stragglers, OnlyWhatIsUnderTheGivenContextIsListed) {
  context* left = nullptr;
  context* right = nullptr;
  const auto remember = [](context*& where, std::string name) -> runnable {
    return [&where, inner = named(std::move(name), nop())](context& ctx, callback ready) -> task<> {
      where = &ctx;
      co_return co_await inner.run(ctx, ready);
    };
  };
  const running all(parallel(remember(left, "left"), remember(right, "right")));
  EXPECT_THAT(paths(stragglers(*left)), ElementsAre("left"));
  EXPECT_THAT(paths(stragglers(*right)), ElementsAre("right"));
}

TEST(Stragglers, WhoHasEndedIsGoneFromTheListAndWhoEndsLaterStays) {
  running all(parallel(named("quick", nop()), named("slow", scripted("slow").winds_down_in(1h).ignore_stop())));
  all.app.force();
  all.time.run_until_idle();
  EXPECT_THAT(paths(stragglers(all.root)), ElementsAre("app", "app/slow"));
  all.time.run();
  EXPECT_TRUE(stragglers(all.root).empty());
}

}  // namespace
}  // namespace steward
