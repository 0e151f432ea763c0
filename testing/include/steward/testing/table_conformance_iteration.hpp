// SPDX-License-Identifier: Apache-2.0
//
// The cases of `table_conformance` about iterations.
#pragma once

#include "steward/testing/table_conformance_suite.hpp"

namespace steward::testing {

TYPED_TEST_P(table_conformance, T2_AnEmptyTableIsAtItsEndWithoutAnError) {
  this->run([this](context& ctx) -> task<> {
    auto rows = this->table().iterate();
    const bool advanced = co_await rows.next(ctx);
    EXPECT_FALSE(advanced);
    EXPECT_FALSE(rows.err().has_value());
    co_return {};
  });
}

TYPED_TEST_P(table_conformance, T2_EachRowComesOnceWithItsContent) {
  this->run([this](context& ctx) -> task<> {
    (void)co_await or_return(this->put(ctx, 1));
    const auto generation = co_await or_return(this->put(ctx, 2, wanted::down));
    auto rows = this->table().iterate();
    int seen = 0;
    while (co_await rows.next(ctx)) {
      auto& entry = **rows.get();
      const int n = entry.key == this->key(1) ? 1 : 2;
      EXPECT_EQ(entry.key, this->key(n));
      EXPECT_EQ(*entry.content->value, this->value(n));
      EXPECT_EQ(entry.content->wanted, n == 1 ? wanted::up : wanted::down);
      EXPECT_EQ(entry.content->generation == generation, n == 2);
      seen += n;
    }
    EXPECT_EQ(seen, 3);
    EXPECT_FALSE(rows.err().has_value());
    co_return {};
  });
}

TYPED_TEST_P(table_conformance, T2_ManyRowsEachComeOnce) {
  this->run([this](context& ctx) -> task<> {
    co_await or_return(this->put_all(ctx, this->many));
    auto rows = this->table().iterate();
    const auto seen = co_await or_return(this->rest_of(ctx, rows));
    EXPECT_EQ(static_cast<int>(seen.size()), this->many);
    for (const auto& [key, times] : seen) EXPECT_EQ(times, 1);
    co_return {};
  });
}

TYPED_TEST_P(table_conformance, T2_GetOutsideARowIsAnError) {
  this->run([this](context& ctx) -> task<> {
    (void)co_await or_return(this->put(ctx, 1));
    auto rows = this->table().iterate();
    EXPECT_EQ(rows.get().error(), error(errc::invalid_iterator));
    EXPECT_TRUE(co_await rows.next(ctx));
    EXPECT_TRUE(rows.get().has_value());
    EXPECT_FALSE(co_await rows.next(ctx));
    EXPECT_EQ(rows.get().error(), error(errc::invalid_iterator));
    EXPECT_FALSE(co_await rows.next(ctx));
    co_return {};
  });
}

TYPED_TEST_P(table_conformance, T2_AClosedIteratorIsAtItsEndAndMayBeClosedAgain) {
  this->run([this](context& ctx) -> task<> {
    (void)co_await or_return(this->put(ctx, 1));
    (void)co_await or_return(this->put(ctx, 2));
    auto rows = this->table().iterate();
    EXPECT_TRUE(co_await rows.next(ctx));
    rows.close();
    rows.close();
    EXPECT_EQ(rows.get().error(), error(errc::invalid_iterator));
    EXPECT_FALSE(co_await rows.next(ctx));
    EXPECT_FALSE(rows.err().has_value());
    co_return {};
  });
}

TYPED_TEST_P(table_conformance, T2_LeavingIteratorsInTheMiddleReleasesWhatTheyHeld) {
  this->run([this](context& ctx) -> task<> {
    co_await or_return(this->put_all(ctx, 10));
    for (int i = 0; i < 200; ++i) {
      auto rows = this->table().iterate();
      EXPECT_TRUE(co_await rows.next(ctx));
    }
    EXPECT_TRUE(co_await or_return(this->erase(ctx, 3)));
    (void)co_await or_return(this->put(ctx, 3));
    co_return {};
  });
}

TYPED_TEST_P(table_conformance, T2_RowsThatStayAreSeenOnceWhileOthersComeAndGo) {
  this->run([this](context& ctx) -> task<> {
    constexpr int half = table_conformance<TypeParam>::many / 2;
    co_await or_return(this->put_all(ctx, 2 * half));
    auto rows = this->table().iterate();
    std::set<typename TypeParam::key_type> seen;
    int edits = 0;
    while (co_await rows.next(ctx)) {
      EXPECT_TRUE(seen.insert((**rows.get()).key).second);
      if (seen.size() % 100 != 0 || edits >= 20) continue;
      EXPECT_TRUE(co_await or_return(this->erase(ctx, half + edits)));
      (void)co_await or_return(this->put(ctx, 2 * half + edits));
      ++edits;
    }
    EXPECT_FALSE(rows.err().has_value());
    EXPECT_EQ(edits, 20);
    for (int n = 0; n < 2 * half; ++n) {
      const bool stayed = n < half || n >= half + edits;
      EXPECT_TRUE(!stayed || seen.contains(this->key(n))) << n;
    }
    co_return {};
  });
}

TYPED_TEST_P(table_conformance, T2_SeveralIterationsAtOnceDoNotDisturbEachOther) {
  this->run([this](context& ctx) -> task<> {
    co_await or_return(this->put_all(ctx, 100));
    auto first = this->table().iterate();
    auto second = this->table().iterate();
    for (int i = 0; i < 50; ++i) EXPECT_TRUE(co_await first.next(ctx));
    const auto whole = co_await or_return(this->rest_of(ctx, second));
    EXPECT_EQ(whole.size(), 100U);
    const auto rest = co_await or_return(this->rest_of(ctx, first));
    EXPECT_EQ(rest.size(), 50U);
    co_return {};
  });
}

}  // namespace steward::testing
