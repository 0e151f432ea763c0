// SPDX-License-Identifier: Apache-2.0
#include "steward/detail/sorted_pages.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace {

using pages = steward::detail::sorted_pages<int, std::string>;
using plain = std::map<int, std::string>;
using walked = std::vector<std::pair<int, std::string>>;

walked walk(const pages& through, const int* last = nullptr, std::size_t most = 1'000'000) {
  walked seen;
  through.walk_behind(last, [&](const pages::entry& each) {
    seen.emplace_back(each.key, each.value);
    return seen.size() < most;
  });
  return seen;
}

/// How keys come and go.
struct order {
  std::string name;
  int (*next)(int step, std::minstd_rand& random);
};

class SortedPages : public testing::TestWithParam<order> {};

INSTANTIATE_TEST_SUITE_P(Keys, SortedPages,
                         testing::Values(order{"Rising", [](int step, std::minstd_rand&) { return step; }},
                                         order{"Falling", [](int step, std::minstd_rand&) { return -step; }},
                                         order{"RisingAndThenFallingBehindThose",
                                               [](int step, std::minstd_rand&) { return step < 1000 ? step : 100'000 - step; }},
                                         order{"FromBothEnds", [](int step, std::minstd_rand&) { return step % 2 == 0 ? step : -step; }},
                                         order{"AtRandom", [](int, std::minstd_rand& random) { return static_cast<int>(random() % 3000); }}),
                         [](const auto& each) { return each.param.name; });

TEST_P(SortedPages, HoldWhatAMapHolds) {
  std::minstd_rand random(7);
  pages ours;
  plain theirs;
  constexpr int steps = 5'000;
  for (int step = 0; step < steps; ++step) {
    const int key = GetParam().next(step, random);
    ours.put(key, std::to_string(step));
    theirs[key] = std::to_string(step);
    const int gone = GetParam().next(static_cast<int>(random() % steps), random);
    if (step % 3 == 0) {
      ASSERT_EQ(ours.erase(gone), theirs.erase(gone) == 1) << gone;
    }
    const auto found = theirs.find(gone);
    const std::string* const value = std::as_const(ours).find(gone);
    ASSERT_EQ(value != nullptr, found != theirs.end()) << gone;
    if (value != nullptr) {
      ASSERT_EQ(*value, found->second);
    }
    ASSERT_EQ(ours.size(), theirs.size());
  }
  EXPECT_EQ(walk(ours), walked(theirs.begin(), theirs.end()));
  for (int i = 0; i < 200; ++i) {
    const int last = GetParam().next(static_cast<int>(random() % steps), random);
    const auto next = theirs.upper_bound(last);
    walked behind(next, theirs.end());
    if (behind.size() > 600) behind.resize(600);
    EXPECT_EQ(walk(ours, &last, 600), behind) << "behind " << last;
  }
  while (!theirs.empty()) {
    const int key = theirs.begin()->first;
    EXPECT_TRUE(ours.erase(key));
    theirs.erase(key);
  }
  EXPECT_EQ(walk(ours), walked());
  ours.put(1, "again");
  EXPECT_EQ(walk(ours), walked({{1, "again"}}));
}

TEST(SortedPagesWithoutEntries, FindAndWalkNothing) {
  const pages empty;
  const int key = 1;
  EXPECT_EQ(empty.find(key), nullptr);
  EXPECT_EQ(walk(empty), walked());
  EXPECT_EQ(walk(empty, &key), walked());
}

}  // namespace
