// SPDX-License-Identifier: Apache-2.0
//
// What a manager keeps its entries in: an index by hash and a pool that never moves what it holds. Both against the standard's containers.
#include "steward/detail/manager_entry.hpp"
#include "steward/detail/slot_index.hpp"
#include "steward/detail/stable_pool.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace steward::detail {
namespace {

static_assert(sizeof(manager_entry<int, int>) <= 320, "five cache lines a row");

TEST(SlotIndex, FindsWhatWasAddedAndNothingElseWhateverCollides) {
  for (const std::uint32_t different_hashes : {1U, 3U, 1000U, 0xffffffffU}) {
    std::minstd_rand random(different_hashes);
    // Equal upper bits are the worst case: all share one home.
    const auto hash_of = [&](std::uint32_t key) { return key * 2654435761U % different_hashes; };
    slot_index index;
    std::map<std::uint32_t, std::uint32_t> numbers;  // key to number
    std::vector<std::uint32_t> keys;                 // number to key
    const auto find = [&](std::uint32_t key) { return index.find(hash_of(key), [&](std::uint32_t number) { return keys[number] == key; }); };
    for (int step = 0; step < 5000; ++step) {
      const auto key = static_cast<std::uint32_t>(random() % 500);
      const auto known = numbers.find(key);
      ASSERT_EQ(find(key), known == numbers.end() ? slot_index::none : known->second) << "step " << step;
      if (known == numbers.end()) {
        const auto number = static_cast<std::uint32_t>(keys.size());
        keys.push_back(key);
        index.add(hash_of(key), number);
        numbers.emplace(key, number);
      } else if (random() % 2 == 0) {
        index.remove(hash_of(key), known->second);
        numbers.erase(known);
      }
    }
    std::set<std::uint32_t> expected;
    for (const auto& [key, number] : numbers) {
      EXPECT_EQ(find(key), number);
      expected.insert(number);
    }
    std::set<std::uint32_t> seen;
    index.each([&](std::uint32_t number) { EXPECT_TRUE(seen.insert(number).second); });
    EXPECT_EQ(seen, expected);
  }
}

TEST(SlotIndex, RunsOfPlacesMayGoRoundTheEnd) {
  slot_index index;
  for (std::uint32_t number = 0; number < 5; ++number) index.add(0xffffffff, number);
  index.remove(0xffffffff, 1);
  index.remove(0xffffffff, 4);
  for (const std::uint32_t number : {0U, 2U, 3U}) EXPECT_EQ(index.find(0xffffffff, [&](std::uint32_t found) { return found == number; }), number);
  EXPECT_EQ(index.find(0xffffffff, [](std::uint32_t found) { return found == 1 || found == 4; }), slot_index::none);
}

/// Counts how many live, and notes where it was made.
struct lodger {
  explicit lodger(int value) : value(value) { ++alive; }
  lodger(const lodger&) = delete;
  lodger& operator=(const lodger&) = delete;
  ~lodger() { --alive; }
  int value;
  const lodger* const self = this;
  static inline int alive = 0;
};

TEST(StablePool, HoldsEachInItsPlaceAndGivesNumbersAgain) {
  {
    stable_pool<lodger> pool;
    std::minstd_rand random(1);
    std::map<std::uint32_t, int> held;
    for (int step = 0; step < 20000; ++step) {
      if (held.empty() || random() % 3 != 0) {
        const std::uint32_t number = pool.add(step);
        ASSERT_TRUE(held.emplace(number, step).second) << "a number that is taken";
      } else {
        const auto gone = std::next(held.begin(), static_cast<long>(random() % std::min<std::size_t>(held.size(), 50)));
        pool.remove(gone->first);
        EXPECT_EQ(pool.find(gone->first), nullptr);
        held.erase(gone);
      }
      ASSERT_EQ(pool.size(), held.size());
    }
    EXPECT_EQ(lodger::alive, static_cast<int>(held.size()));
    for (const auto& [number, value] : held) {
      EXPECT_EQ(pool.at(number).value, value);
      EXPECT_EQ(pool.at(number).self, pool.find(number));
      EXPECT_LT(number, pool.end());
    }
    EXPECT_EQ(pool.find(pool.end()), nullptr);
  }
  EXPECT_EQ(lodger::alive, 0);
}

TEST(StablePool, LiesInTheOrderOfAdding) {
  stable_pool<lodger> pool;
  for (int i = 0; i < 64; ++i) EXPECT_EQ(pool.add(i), static_cast<std::uint32_t>(i));
  for (std::uint32_t i = 1; i < 64; ++i) EXPECT_LT(&pool.at(i - 1), &pool.at(i));
}

/// Refuses to be made.
struct refuser {
  explicit refuser(bool refuses) {
    if (refuses) throw std::runtime_error("no");
  }
};

TEST(StablePool, AConstructorThatThrowsTakesNoPlace) {
  stable_pool<refuser> pool;
  EXPECT_THROW((void)pool.add(true), std::runtime_error);
  EXPECT_EQ(pool.size(), 0U);
  const std::uint32_t first = pool.add(false);
  pool.remove(first);
  EXPECT_THROW((void)pool.add(true), std::runtime_error);
  EXPECT_EQ(pool.find(first), nullptr);
  EXPECT_EQ(pool.add(false), first);
}

}  // namespace
}  // namespace steward::detail
