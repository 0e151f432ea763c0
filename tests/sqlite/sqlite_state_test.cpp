// SPDX-License-Identifier: Apache-2.0
#include "support.hpp"

#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

namespace steward {
namespace {

using test::opened;
using test::temporary_folder;
using test::text_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SqliteState : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(text_of(here.open()), "success"); }

  std::string get(const std::string& key, const std::string& name) {
    const auto got = sync_wait([&](context& ctx) { return here.state.get(ctx, key, name); });
    return got ? *got : got.error().to_string();
  }
  std::string put(const std::string& key, const std::string& name, const std::string& value) {
    return text_of(sync_wait([&](context& ctx) { return here.state.put(ctx, key, name, value); }));
  }
  std::vector<state_entry> all() {
    const auto got = sync_wait([&](context& ctx) { return here.state.scan(ctx); });
    EXPECT_EQ(text_of(got), "success");
    return got.value_or(std::vector<state_entry>());
  }

  temporary_folder folder;
  opened here{folder / "steward.db"};
};

TEST_F(SqliteState, WhatIsPutIsThereAlsoAfterAReopening) {
  EXPECT_EQ(put("web", "incarnations", "3"), "success");
  EXPECT_EQ(put("web", "incarnations", "4"), "success");
  EXPECT_EQ(put("web", "completed", ""), "success");
  ASSERT_TRUE(here.close());
  ASSERT_TRUE(here.open());
  EXPECT_EQ(get("web", "incarnations"), "4");
  EXPECT_EQ(get("web", "completed"), "");
  EXPECT_EQ(get("web", "never"), "not found");
}

TEST_F(SqliteState, ItOutlivesTheRowOfItsKey) {
  (void)here.put("web", "1");
  (void)put("web", "incarnations", "3");
  (void)here.erase("web");
  EXPECT_EQ(get("web", "incarnations"), "3");
}

TEST_F(SqliteState, SomeTextsOrAllOfAKeyAreForgotten) {
  for (const auto* key : {"a", "b"})
    for (const auto* name : {"x", "y", "z"}) (void)put(key, name, "1");
  const std::vector<std::pair<std::string, std::string>> some{{"a", "y"}, {"a", "z"}, {"never", "x"}};
  EXPECT_TRUE(sync_wait([&](context& ctx) { return here.state.forget(ctx, some); }));
  EXPECT_TRUE(sync_wait([&](context& ctx) { return here.state.forget(ctx, "b"); }));
  EXPECT_TRUE(sync_wait([&](context& ctx) { return here.state.forget(ctx, "never"); }));
  EXPECT_THAT(all(), ElementsAre(state_entry{"a", "x", "1"}));
}

TEST_F(SqliteState, SeveralArePutTogether) {
  const std::vector<state_entry> entries{{"b", "x", "2"}, {"a", "x", "1"}, {"b", "x", "3"}};
  EXPECT_TRUE(sync_wait([&](context& ctx) { return here.state.put(ctx, entries); }));
  EXPECT_THAT(all(), ElementsAre(state_entry{"a", "x", "1"}, state_entry{"b", "x", "3"}));
}

TEST_F(SqliteState, ManyAreReadPageByPage) {
  EXPECT_THAT(all(), IsEmpty());
  std::vector<state_entry> entries;
  for (int n = 0; n < 3000; ++n) entries.push_back({"key " + std::to_string(n / 2), n % 2 == 0 ? "even" : "odd", std::to_string(n)});
  EXPECT_TRUE(sync_wait([&](context& ctx) { return here.state.put(ctx, entries); }));
  const auto found = all();
  EXPECT_EQ(found.size(), entries.size());
  EXPECT_TRUE(
      std::is_sorted(found.begin(), found.end(), [](const auto& a, const auto& b) { return std::tie(a.key, a.name) < std::tie(b.key, b.name); }));
}

TEST_F(SqliteState, AStopEndsTheReading) {
  const auto done = sync_wait([&](context& ctx) -> task<> {
    context stopped(ctx);
    stopped.stop(stop_reason::shutdown);
    auto all = co_await here.state.scan(stopped);
    if (!all) co_return all.error();
    co_return {};
  });
  EXPECT_EQ(text_of(done), "stopped: shutdown");
}

}  // namespace
}  // namespace steward
