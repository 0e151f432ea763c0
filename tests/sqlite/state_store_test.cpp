// SPDX-License-Identifier: Apache-2.0
//
// What every state store does, in memory and in a file; and what only a file does.
#include "steward/past_text.hpp"
#include "steward/sqlite/sqlite_state_store.hpp"
#include "steward/task_scope.hpp"
#include "steward/wait.hpp"
#include "support.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace steward {
namespace {

using namespace std::chrono_literals;
using test::opened;
using test::temporary_folder;
using test::text_of;

/// Runs `what` with a store that goes on from what the one before has left.
class in_memory {
 public:
  template <class Key, class What>
  result<> with(What what) {
    auto& kept = std::get<memory_state_store<Key>>(stores_);
    return sync_wait([&](context& ctx) { return what(ctx, kept); });
  }

 private:
  std::tuple<memory_state_store<std::string>, memory_state_store<std::uint64_t>> stores_;
};

class in_a_file {
 public:
  in_a_file() { EXPECT_EQ(text_of(here.open()), "success"); }

  template <class Key, class What>
  result<> with(What what) {
    sqlite_state_store<Key> kept(here.database);
    const auto inside = [&](context& ctx) -> task<> { return what(ctx, kept); };
    return sync_wait([&](context& ctx) { return kept.run(ctx, inside); });
  }

  temporary_folder folder;
  opened here{folder / "steward.db"};
};

row_past some_past() {
  row_past past;
  past.incarnation = 7;
  past.restarts = 3;
  past.generation = 12;
  past.state = row_state::gave_up;
  past.history = {.failures = 2, .recent = {instant(5s), instant(6s)}};
  exit last;
  last.reason = exit_reason::failed;
  last.cause = error("no");
  past.last = last;
  return past;
}

// Instants come back to the millisecond, and by clocks that are read one after the other.
std::string text_of_past(row_past past) {
  for (instant& each : past.history.recent) each = {};
  return past_to_text(past, {});
}

template <class Where>
class StateStore : public ::testing::Test {
 public:
  Where where;
};

using places = ::testing::Types<in_memory, in_a_file>;
TYPED_TEST_SUITE(StateStore, places);

TYPED_TEST(StateStore, WhatIsRememberedIsRecalledAtOnceAndByTheNextOne) {
  const auto remember = [](context& ctx, state_store<std::string>& store) -> task<> {
    EXPECT_EQ(store.recall("web").incarnation, 0U);
    store.remember("web", row_past{.incarnation = 1});
    store.remember("web", some_past());
    store.remember_group("web", {.failures = 1, .recent = {}});  // a group of the same name is another thing
    EXPECT_EQ(text_of_past(store.recall("web")), text_of_past(some_past()));
    co_return co_await store.flush(ctx);
  };
  EXPECT_EQ(text_of(this->where.template with<std::string>(remember)), "success");
  const auto recall = [](context&, state_store<std::string>& store) -> task<> {
    EXPECT_EQ(text_of_past(store.recall("web")), text_of_past(some_past()));
    EXPECT_EQ(store.recall_group("web").failures, 1U);
    EXPECT_EQ(store.recall("other").incarnation, 0U);
    co_return {};
  };
  EXPECT_EQ(text_of(this->where.template with<std::string>(recall)), "success");
}

TYPED_TEST(StateStore, WhatIsForgottenIsForgottenAlsoByTheNextOne) {
  const auto remember = [](context& ctx, state_store<std::string>& store) -> task<> {
    store.remember("web", some_past());
    store.remember_group("site", some_past().history);
    auto flushed = co_await store.flush(ctx);
    store.forget("web");
    store.remember_group("site", {});
    store.forget("never");
    EXPECT_EQ(store.recall("web").incarnation, 0U);
    EXPECT_EQ(store.recall_group("site"), restart_history());
    co_return flushed;
  };
  EXPECT_EQ(text_of(this->where.template with<std::string>(remember)), "success");
  const auto recall = [](context&, state_store<std::string>& store) -> task<> {
    EXPECT_EQ(store.recall("web").incarnation, 0U);
    EXPECT_EQ(store.recall_group("site"), restart_history());
    co_return {};
  };
  EXPECT_EQ(text_of(this->where.template with<std::string>(recall)), "success");
}

TYPED_TEST(StateStore, KeysMayBeNumbers) {
  static constexpr std::uint64_t last = ~std::uint64_t{0};
  const auto remember = [](context&, state_store<std::uint64_t>& store) -> task<> {
    store.remember(0, row_past{.incarnation = 1});
    store.remember(last, row_past{.incarnation = 2});
    co_return {};
  };
  EXPECT_EQ(text_of(this->where.template with<std::uint64_t>(remember)), "success");
  const auto recall = [](context&, state_store<std::uint64_t>& store) -> task<> {
    EXPECT_EQ(store.recall(0).incarnation, 1U);
    EXPECT_EQ(store.recall(last).incarnation, 2U);
    co_return {};
  };
  EXPECT_EQ(text_of(this->where.template with<std::uint64_t>(recall)), "success");
}

TYPED_TEST(StateStore, AFlushUnderAStoppedContextFails) {
  const auto flush = [](context& ctx, state_store<std::string>& store) -> task<> {
    context stopped(ctx);
    stopped.stop(stop_reason::shutdown);
    auto flushed = co_await store.flush(stopped);
    EXPECT_EQ(text_of(flushed), "stopped: shutdown");
    co_return {};
  };
  EXPECT_EQ(text_of(this->where.template with<std::string>(flush)), "success");
}

class SqliteStateStore : public ::testing::Test {
 protected:
  std::vector<state_entry> stored() {
    const auto got = sync_wait([&](context& ctx) { return where.here.state.scan(ctx); });
    EXPECT_EQ(text_of(got), "success");
    return got.value_or(std::vector<state_entry>());
  }
  void store_text(const std::string& text) {
    EXPECT_TRUE(sync_wait([&](context& ctx) { return where.here.state.put(ctx, "web", "past", text); }));
  }
  std::uint64_t incarnation() {
    sqlite_state_store<std::string> kept(where.here.database);
    std::uint64_t found = 0;
    const auto inside = [&](context&) -> task<> {
      found = kept.recall("web").incarnation;
      co_return {};
    };
    EXPECT_EQ(text_of(sync_wait([&](context& ctx) { return kept.run(ctx, inside); })), "success");
    return found;
  }

  in_a_file where;
};

TEST_F(SqliteStateStore, WritesByItselfAndAtOnceWhatIsDoneForGood) {
  for (const row_state state : {row_state::running, row_state::completed}) {
    const auto remember = [&](context& ctx, state_store<std::string>& store) -> task<> {
      store.remember(std::string(to_string(state)), row_past{.state = state});
      for (int i = 0; i < 500; ++i) {
        auto all = co_await where.here.state.scan(ctx);
        if (all && std::ranges::find(*all, to_string(state), &state_entry::key) != all->end()) co_return {};
        const auto slept = co_await ctx.sleep_for(10ms);
        if (!slept) co_return slept;
      }
      co_return error("it was not written");
    };
    EXPECT_EQ(text_of(where.with<std::string>(remember)), "success") << to_string(state);
  }
}

TEST_F(SqliteStateStore, WritesTheRestWhenItEnds) {
  const auto remember = [](context&, state_store<std::string>& store) -> task<> {
    store.remember("web", some_past());
    co_return {};
  };
  EXPECT_EQ(text_of(where.with<std::string>(remember)), "success");
  EXPECT_EQ(stored().size(), 1U);
}

TEST_F(SqliteStateStore, ATextOfAnotherFormIsAsGoodAsNotRemembered) {
  store_text("{\"incarnation\":5}");
  EXPECT_EQ(incarnation(), 0U);
  store_text("steward past 1\nincarnation 6\n");
  EXPECT_EQ(incarnation(), 6U);
}

TEST_F(SqliteStateStore, WhatCouldNotBeWrittenIsWrittenLater) {
  const auto remember = [&](context& ctx, state_store<std::string>& store) -> task<> {
    auto closed = co_await where.here.database.close(ctx);
    store.remember("web", some_past());
    auto flushed = co_await store.flush(ctx);
    EXPECT_NE(text_of(flushed), "success");
    auto opened_again = co_await where.here.database.open(ctx);
    flushed = co_await store.flush(ctx);
    EXPECT_EQ(text_of(flushed), "success");
    co_return closed&& opened_again ? result<>() : fail(error("the database"));
  };
  EXPECT_EQ(text_of(where.with<std::string>(remember)), "success");
  EXPECT_EQ(stored().size(), 1U);
}

TEST(SqliteStateStoreOfALockedFile, ManyWhoFlushWaitTogether) {
  constexpr auto lock_wait = 200ms;
  constexpr int many = 50;
  const temporary_folder folder;
  opened here(folder / "steward.db", lock_wait);
  ASSERT_EQ(text_of(here.open()), "success");
  auto elsewhere = test::other(folder / "steward.db");
  sqlite_state_store<std::string> kept(here.database);
  const auto inside = [&](context& ctx) -> task<> {
    elsewhere.exec("begin immediate");
    const auto began = std::chrono::steady_clock::now();
    const auto flush = [&](int key) -> task<> {
      kept.remember(std::to_string(key), some_past());
      auto flushed = co_await kept.flush(ctx);
      EXPECT_THAT(text_of(flushed), ::testing::HasSubstr("locked by another process"));
      co_return {};
    };
    task_scope all(ctx.scheduler());
    for (int key = 0; key < many; ++key) all.start(flush(key));
    (void)co_await all.join();
    EXPECT_LT(std::chrono::steady_clock::now() - began, many * lock_wait / 2);
    elsewhere.exec("rollback");
    co_return co_await kept.flush(ctx);
  };
  EXPECT_EQ(text_of(sync_wait([&](context& ctx) { return kept.run(ctx, inside); })), "success");
}

}  // namespace
}  // namespace steward
