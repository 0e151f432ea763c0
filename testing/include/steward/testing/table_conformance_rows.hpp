// SPDX-License-Identifier: Apache-2.0
//
// The cases of `table_conformance` about single rows, their keys, and threads.
#pragma once

#include "steward/testing/table_conformance_suite.hpp"

namespace steward::testing {

TYPED_TEST_P(table_conformance, T1_GetReturnsTheValueWithWhatIsWantedAndTheGeneration) {
  this->run([this](context& ctx) -> task<> {
    const auto generation = co_await or_return(this->put(ctx, 1, wanted::down));
    (void)co_await or_return(this->put(ctx, 2));
    const auto got = co_await or_return(this->get(ctx, 1));
    EXPECT_EQ(*got.value, this->value(1));
    EXPECT_EQ(got.wanted, wanted::down);
    EXPECT_EQ(got.generation, generation);
    co_return {};
  });
}

TYPED_TEST_P(table_conformance, T1_AKeyWithoutARowIsNotFound) {
  this->run([this](context& ctx) -> task<> {
    (void)co_await or_return(this->put(ctx, 1));
    const auto never = co_await this->get(ctx, 2);
    EXPECT_TRUE(!never && never.error().is(errc::not_found));
    EXPECT_TRUE(co_await or_return(this->erase(ctx, 1)));
    const auto gone = co_await this->get(ctx, 1);
    EXPECT_TRUE(!gone && gone.error().is(errc::not_found));
    co_return {};
  });
}

TYPED_TEST_P(table_conformance, T1_WhatIsNotThereIsNeitherErasedNorChanged) {
  this->run([this](context& ctx) -> task<> {
    EXPECT_FALSE(co_await or_return(this->erase(ctx, 1)));
    EXPECT_FALSE(co_await or_return(this->set_wanted(ctx, 1, wanted::down)));
    const auto got = co_await this->get(ctx, 1);
    EXPECT_FALSE(got.has_value());
    co_return {};
  });
}

TYPED_TEST_P(table_conformance, T1_AGenerationGrowsWithEachEditAndOverADeletion) {
  this->run([this](context& ctx) -> task<> {
    const auto first = co_await or_return(this->put(ctx, 1));
    // Another value: a backend may say that a put which changes nothing is no edit.
    const auto second = co_await or_return(this->fixture().put(ctx, this->key(1), this->value(2), wanted::up));
    EXPECT_GT(second, first);
    EXPECT_TRUE(co_await or_return(this->set_wanted(ctx, 1, wanted::down)));
    const auto third = co_await or_return(this->get(ctx, 1));
    EXPECT_GT(third.generation, second);
    EXPECT_TRUE(co_await or_return(this->set_wanted(ctx, 1, wanted::down)));
    const auto same = co_await or_return(this->get(ctx, 1));
    EXPECT_EQ(same.generation, third.generation);
    (void)co_await or_return(this->erase(ctx, 1));
    EXPECT_GT(co_await or_return(this->put(ctx, 1)), third.generation);
    co_return {};
  });
}

TYPED_TEST_P(table_conformance, T1_AReadUnderAStoppedContextFailsWithTheStop) {
  this->run([this](context& ctx) -> task<> {
    (void)co_await or_return(this->put(ctx, 1));
    context stopped(ctx);
    stopped.stop(stop_reason::shutdown);
    const auto got = co_await this->get(stopped, 1);
    EXPECT_TRUE(!got && got.error().is_stop() && got.error().reason() == stop_reason::shutdown);
    auto rows = this->table().iterate();
    const bool advanced = co_await rows.next(stopped);
    EXPECT_FALSE(advanced);
    EXPECT_TRUE(rows.err() && rows.err()->is_stop());
    co_return {};
  });
}

TYPED_TEST_P(table_conformance, T3_UnusualTextsAreKeysLikeAnyOther) {
  if constexpr (std::same_as<typename TypeParam::key_type, std::string>) {
    this->run([this](context& ctx) -> task<> {
      const std::vector<std::string> keys{
          "a", "A", " a", "a ", "a'b\"c;--", "%_*?", "\xc3\xa4", "a\nb", std::string("a\0b", 3), std::string(10'000, 'k')};
      const auto value = this->value(1);
      for (const auto& key : keys) (void)co_await or_return(this->fixture().put(ctx, key, value, wanted::up));
      for (const auto& key : keys) {
        const auto got = co_await this->table().get(ctx, key);
        EXPECT_TRUE(got.has_value()) << key;
      }
      auto rows = this->table().iterate();
      const auto seen = co_await or_return(this->rest_of(ctx, rows));
      EXPECT_EQ(seen.size(), keys.size());
      co_return {};
    });
  }
}

TYPED_TEST_P(table_conformance, T3_ManyThreadsReadAndEditAtTheSameTime) {
  constexpr int threads = 4;
  static constexpr int edits = 25;
  std::vector<std::thread> all;
  for (int thread = 0; thread < threads; ++thread)
    all.emplace_back([this, thread] {
      this->run([this, thread](context& ctx) -> task<> {
        for (int n = thread * edits; n < (thread + 1) * edits; ++n) {
          const auto generation = co_await or_return(this->put(ctx, n));
          const auto got = co_await or_return(this->get(ctx, n));
          EXPECT_EQ(got.generation, generation);
          EXPECT_EQ(*got.value, this->value(n));
        }
        auto rows = this->table().iterate();
        const auto seen = co_await or_return(this->rest_of(ctx, rows));
        EXPECT_GE(static_cast<int>(seen.size()), edits);
        co_return {};
      });
    });
  for (auto& each : all) each.join();
  this->run([this](context& ctx) -> task<> {
    auto rows = this->table().iterate();
    const auto seen = co_await or_return(this->rest_of(ctx, rows));
    EXPECT_EQ(static_cast<int>(seen.size()), threads * edits);
    co_return {};
  });
}

}  // namespace steward::testing
