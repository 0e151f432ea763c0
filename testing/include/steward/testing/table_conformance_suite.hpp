// SPDX-License-Identifier: Apache-2.0
//
// The fixture of `table_conformance`: what the suite needs of a backend.
#pragma once

#include "steward/sync_wait.hpp"
#include "steward/table.hpp"

#include <gtest/gtest.h>

#include <concepts>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace steward::testing {

/// What the suite needs of a backend: an empty table, made anew for each test, and the means to edit it, which wait until the edit can be seen.
///
///     struct my_fixture {
///       using key_type = std::string;
///       using value_type = std::string;   // comparable with ==
///       steward::table<key_type, value_type>& table();
///       task<std::uint64_t> put(context& ctx, key_type key, value_type value, wanted what);   // adds or replaces; the new generation
///       task<bool> set_wanted(context& ctx, key_type key, wanted what);                      // false: no such row
///       task<bool> erase(context& ctx, key_type key);                                        // false: no such row
///       static key_type key(int n);                                                          // different ones for different n
///       static value_type value(int n);
///       task<> fill(context& ctx, int count);                                                // optional: puts key(i), value(i) for all i < count
///     };
///     INSTANTIATE_TYPED_TEST_SUITE_P(MyTable, table_conformance, steward::testing::my_fixture);   // in namespace steward::testing
template <class Fixture>
concept table_fixture = requires(Fixture& here, context& ctx, typename Fixture::key_type key, typename Fixture::value_type value, wanted what) {
  { here.table() } -> std::same_as<table<typename Fixture::key_type, typename Fixture::value_type>&>;
  { here.put(ctx, key, value, what) } -> std::same_as<task<std::uint64_t>>;
  { here.set_wanted(ctx, key, what) } -> std::same_as<task<bool>>;
  { here.erase(ctx, key) } -> std::same_as<task<bool>>;
  { Fixture::key(0) } -> std::same_as<typename Fixture::key_type>;
  { Fixture::value(0) } -> std::same_as<typename Fixture::value_type>;
};

template <table_fixture Fixture>
class table_conformance : public ::testing::Test {
 public:
  using key_type = typename Fixture::key_type;
  using value_type = typename Fixture::value_type;
  using rows = table_iterator<key_type, value_type>;

  /// More than a page of any backend of ours, so that iterations begin, go on and end in different pages.
  static constexpr int many = 3000;

  static key_type key(int n) { return Fixture::key(n); }
  static value_type value(int n) { return Fixture::value(n); }

  /// Runs a coroutine to its end; it must succeed.
  template <class Body>
  static void run(Body body) {
    const result<> outcome = sync_wait(body);
    EXPECT_TRUE(outcome.has_value()) << outcome.error().to_string();
  }

  task<std::uint64_t> put(context& ctx, int n, wanted what = wanted::up) { return here_.put(ctx, key(n), value(n), what); }
  task<> put_all(context& ctx, int count) {
    if constexpr (requires { here_.fill(ctx, count); }) {
      co_return co_await here_.fill(ctx, count);
    } else {
      for (int n = 0; n < count; ++n) (void)co_await or_return(put(ctx, n));
      co_return {};
    }
  }
  task<bool> set_wanted(context& ctx, int n, wanted what) { return here_.set_wanted(ctx, key(n), what); }
  task<bool> erase(context& ctx, int n) { return here_.erase(ctx, key(n)); }
  task<row<value_type>> get(context& ctx, int n) {
    const key_type wanted_key = key(n);
    co_return co_await table().get(ctx, wanted_key);
  }

  /// Reads on to the end; how often each key came.
  static task<std::map<key_type, int>> rest_of(context& ctx, rows& at) {
    std::map<key_type, int> seen;
    while (co_await at.next(ctx)) ++seen[(**at.get()).key];
    if (at.err()) co_return *at.err();
    co_return seen;
  }

  [[nodiscard]] steward::table<key_type, value_type>& table() { return here_.table(); }
  [[nodiscard]] Fixture& fixture() noexcept { return here_; }

 private:
  Fixture here_;
};

TYPED_TEST_SUITE_P(table_conformance);

}  // namespace steward::testing
