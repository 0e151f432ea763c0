// SPDX-License-Identifier: Apache-2.0
//
// What is printed here is read by people at night, and by scripts: golden.
#include "steward/failure_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace steward {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

instant second(int n) { return instant(std::chrono::seconds(n)); }

casualty by_itself(int when, std::string name, std::string how, std::optional<error> cause = std::nullopt) {
  casualty what;
  what.name = std::move(name);
  what.how = std::move(how);
  what.cause = std::move(cause);
  what.at = second(when);
  return what;
}

casualty because_of(std::string whom, int when, std::string name, std::string how = "stopped", std::optional<error> cause = std::nullopt) {
  casualty what = by_itself(when, std::move(name), std::move(how), std::move(cause));
  what.because_of = std::move(whom);
  return what;
}

casualty database(int when = 1) { return by_itself(when, "database", "failed", error("connection refused")); }

const error stop = error::stopped(stop_reason::dependency_lost).prefixed("run: ");

std::vector<std::string> roots(const std::vector<failure_tree>& trees) {
  std::vector<std::string> names;
  for (const failure_tree& each : trees) names.push_back(each.root().name);
  return names;
}

/// Of what is one tree.
failure_tree tree_of(std::vector<casualty> fallen) {
  auto trees = failure_trees(std::move(fallen));
  EXPECT_THAT(trees, SizeIs(1));
  return std::move(trees.at(0));
}

TEST(FailureTree, ShowsTheRootFirstAndWhatFollowedUnderIt) {
  const failure_tree tree = tree_of({
      because_of("api", 3, "web", "stopped", stop),
      because_of("database", 4, "worker", "failed", error("disk full")),
      database(),
      because_of("database", 2, "api", "stopped", stop),
  });
  EXPECT_EQ(tree.to_string(), "database failed: connection refused; took down 3: api, web, worker");
  EXPECT_EQ(tree.to_tree(),
            "database failed: connection refused\n"
            "  api stopped\n"
            "    web stopped\n"
            "  worker failed: disk full\n");
  EXPECT_EQ(tree.entries().at(0).below, 3U);
  EXPECT_EQ(tree.entries().at(1).below, 1U);
  EXPECT_EQ(tree.entries().at(2).depth, 2U);
}

TEST(FailureTree, AloneIsOneLineInBothForms) {
  const failure_tree tree = tree_of({database()});
  EXPECT_EQ(tree.to_string(), "database failed: connection refused");
  EXPECT_EQ(tree.to_tree(), "database failed: connection refused\n");
}

TEST(FailureTree, SaysWhatItKnowsAndNoMore) {
  EXPECT_EQ(tree_of({by_itself(1, "web", "completed")}).to_string(), "web completed");
  EXPECT_EQ(tree_of({by_itself(1, "web", "", error("no disk"))}).to_string(), "web: no disk");
  EXPECT_EQ(tree_of({by_itself(1, "web", "")}).to_string(), "web");
  EXPECT_EQ(tree_of({by_itself(1, "web", "stopped", stop)}).to_string(), "web stopped: run: stopped: dependency_lost") << "a root's stop is no echo";
}

TEST(FailureTree, TextsOfOthersStayOnTheirLine) {
  const failure_tree tree = tree_of({by_itself(1, "a\nb", "fai\rled", error("x\ny")), because_of("a\nb", 2, "c\n")});
  EXPECT_EQ(tree.to_string(), "a\\nb fai\\rled: x\\ny; took down 1: c\\n");
  EXPECT_EQ(tree.to_tree(),
            "a\\nb fai\\rled: x\\ny\n"
            "  c\\n stopped\n");
}

TEST(FailureTree, NothingIsNoTree) { EXPECT_THAT(failure_trees({}), IsEmpty()); }

TEST(FailureTree, EachThatFellByItselfHasATreeByTime) {
  const auto trees = failure_trees({by_itself(5, "cache", "failed"), because_of("cache", 6, "api"), database(2), because_of("database", 9, "web")});
  EXPECT_THAT(roots(trees), ElementsAre("database", "cache"));
}

TEST(FailureTree, AtOneInstantTheOrderIsAsGiven) {
  EXPECT_THAT(roots(failure_trees({by_itself(1, "b", "failed"), by_itself(1, "a", "failed")})), ElementsAre("b", "a"));
}

TEST(FailureTree, AnErrorThatOnlyEchoesIsNotRepeated) {
  const error refused("connection refused");
  const std::array both{stop, error("no disk")};
  const failure_tree tree = tree_of({
      database(),
      because_of("database", 2, "same", "failed", refused),
      because_of("same", 3, "prefixed", "failed", refused.prefixed("database: ").prefixed("run: ")),
      because_of("database", 4, "stop", "forced", stop),
      because_of("stop", 4, "late", "failed", refused),
      because_of("database", 5, "more", "failed", error::join(both)),
      because_of("more", 6, "again", "failed", error::join(both)),
      because_of("database", 7, "other", "failed", error("no connection refused")),
  });
  EXPECT_EQ(tree.to_tree(),
            "database failed: connection refused\n"
            "  same failed\n"
            "    prefixed failed\n"
            "  stop forced\n"
            "    late failed\n"
            "  more failed: run: stopped: dependency_lost; no disk\n"
            "    again failed\n"
            "  other failed: no connection refused\n");
}

TEST(FailureTree, FoldsThoseThatWentDownAlikeSideBySide) {
  std::vector<casualty> fallen{database()};
  for (int i = 1; i <= 500; ++i) fallen.push_back(because_of("database", 2, "worker-" + std::to_string(i), i % 2 == 0 ? "stopped" : "forced", stop));
  fallen.push_back(because_of("database", 3, "web"));
  fallen.push_back(because_of("worker-77", 4, "child", "failed", error("orphaned")));
  const failure_tree tree = tree_of(std::move(fallen));
  EXPECT_EQ(tree.to_tree(),
            "database failed: connection refused\n"
            "  worker-1 forced\n"
            "  worker-2 stopped\n"
            "  worker-3 forced\n"
            "  worker-4 stopped\n"
            "  worker-5 forced\n"
            "  worker-6 stopped\n"
            "  … and 246 more forced\n"
            "  … and 248 more stopped\n"
            "  worker-77 forced\n"
            "    child failed: orphaned\n");
  EXPECT_EQ(tree.to_string(),
            "database failed: connection refused; took down 502: worker-1, worker-2, worker-3, worker-4, worker-5, worker-6, worker-7, worker-8 "
            "… and 494 more");
}

TEST(FailureTree, ThoseUnderDifferentOnesAreNotFoldedTogether) {
  std::vector<casualty> fallen{database(), because_of("database", 2, "a"), because_of("database", 3, "b")};
  for (const char* name : {"x", "y", "z"}) {
    fallen.push_back(because_of("a", 4, name));
    fallen.push_back(because_of("b", 4, name));
  }
  EXPECT_EQ(tree_of(std::move(fallen)).to_tree(),
            "database failed: connection refused\n"
            "  a stopped\n    x stopped\n    y stopped\n    z stopped\n"
            "  b stopped\n    x stopped\n    y stopped\n    z stopped\n");
}

TEST(FailureTree, FourAlikeAreNotFoldedForThatWouldSaveNoLine) {
  std::vector<casualty> fallen{database()};
  for (const char* name : {"a", "b", "c", "d"}) fallen.push_back(because_of("database", 2, name));
  EXPECT_EQ(tree_of(fallen).to_tree(), "database failed: connection refused\n  a stopped\n  b stopped\n  c stopped\n  d stopped\n");
  fallen.push_back(because_of("database", 2, "e"));
  EXPECT_EQ(tree_of(fallen).to_tree(), "database failed: connection refused\n  a stopped\n  b stopped\n  c stopped\n  … and 2 more stopped\n");
}

TEST(FailureTree, WhereTheCulpritIsUnknownItsVictimIsTheRootAndSaysWhoItWas) {
  const failure_tree tree = tree_of({because_of("database", 1, "api", "stopped", error("gone")), because_of("api", 2, "web")});
  EXPECT_EQ(tree.to_string(), "api stopped: gone (because of database); took down 1: web");
}

TEST(FailureTree, ACircleIsBrokenAtTheEarliest) {
  const failure_tree tree = tree_of({because_of("b", 3, "c"), because_of("c", 1, "a", "failed"), because_of("a", 2, "b"), because_of("b", 4, "d")});
  EXPECT_EQ(tree.to_tree(),
            "a failed (because of c)\n"
            "  b stopped\n"
            "    c stopped\n"
            "    d stopped\n");
  EXPECT_EQ(tree_of({because_of("a", 1, "a", "failed")}).to_tree(), "a failed (because of a)\n");
}

TEST(FailureTree, OfSeveralWithOneNameTheLastThatFellNoLaterIsMeant) {
  const auto trees = failure_trees({database(1), database(5), database(9), because_of("database", 5, "api"), because_of("database", 8, "web"),
                                    because_of("database", 0, "early")});
  ASSERT_THAT(trees, SizeIs(3));
  EXPECT_EQ(trees[0].to_string(), "database failed: connection refused; took down 1: early");
  EXPECT_EQ(trees[1].to_string(), "database failed: connection refused; took down 2: api, web");
  EXPECT_EQ(trees[2].to_string(), "database failed: connection refused");
  EXPECT_EQ(tree_of({database(1), because_of("database", 2, "database")}).to_tree(), "database failed: connection refused\n  database stopped\n");
}

TEST(FailureTree, CH6_ALongChainNeedsNoStackAndItsTextIsBounded) {
  constexpr int length = 100'000;
  std::vector<casualty> fallen{by_itself(0, "0", "failed", error("refused"))};
  for (int i = 1; i < length; ++i) fallen.push_back(because_of(std::to_string(i - 1), i, std::to_string(i)));
  const failure_tree tree = tree_of(std::move(fallen));
  EXPECT_EQ(tree.entries().back().depth, length - 1U);
  const std::string text = tree.to_tree();
  EXPECT_EQ(std::ranges::count(text, '\n'), static_cast<std::ptrdiff_t>(failure_tree::most_lines + 1));
  EXPECT_TRUE(text.ends_with("\n… and 99900 more\n")) << text.substr(text.size() - 40);
  EXPECT_LT(text.size(), 200 * failure_tree::most_lines);
  EXPECT_TRUE(tree.to_string().starts_with("0 failed: refused; took down 99999: 1, 2, 3, 4, 5, 6, 7, 8 … and 99991 more"));
}

/// How many a printed tree tells of: one a line, and as many as it says there are more.
std::size_t told_in(const std::string& text) {
  std::size_t told = 0;
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    const std::string line = text.substr(at, text.find('\n', at) - at);
    const std::size_t fold = line.find("… and ");
    told += fold == std::string::npos ? 1 : std::stoul(line.substr(fold + std::string("… and ").size()));
  }
  return told;
}

TEST(FailureTree, OfAnyFailuresEachIsInOneTreeOnceUnderWhoTookItDown) {
  std::mt19937 random(20'261'122);
  const auto below = [&random](int limit) { return static_cast<int>(random() % static_cast<unsigned>(limit)); };
  for (int round = 0; round < 400; ++round) {
    std::vector<casualty> fallen;
    std::set<std::string> expected_roots;
    std::map<std::string, std::string> above;
    const int count = 1 + below(round % 10 == 0 ? 300 : 20);
    const int spread = 1 + below(count);
    for (int i = 0; i < count; ++i) {
      const std::string name = std::to_string(i);
      const bool alone = i == 0 || below(10) == 0;
      if (alone) {
        expected_roots.insert(name);
        fallen.push_back(by_itself(i, name, "failed", error("broke")));
      } else {
        above[name] = std::to_string(std::max(0, i - 1 - below(spread)));
        const bool stopped = below(3) > 0;
        fallen.push_back(
            because_of(above[name], i - below(3), name, stopped ? "stopped" : "failed", stopped ? stop : error("e" + std::to_string(below(3)))));
      }
    }
    std::ranges::shuffle(fallen, random);
    std::multiset<std::string> seen;
    for (const failure_tree& tree : failure_trees(fallen)) {
      EXPECT_TRUE(expected_roots.contains(tree.root().name)) << tree.to_tree();
      EXPECT_EQ(tree.entries().front().below, tree.entries().size() - 1);
      std::vector<std::string> path;
      for (const failure_tree::entry& each : tree.entries()) {
        seen.insert(each.what.name);
        ASSERT_LE(each.depth, path.size());
        path.resize(each.depth);
        if (!path.empty()) {
          EXPECT_EQ(above[each.what.name], path.back());
        }
        path.push_back(each.what.name);
      }
      const std::string text = tree.to_tree();
      EXPECT_EQ(told_in(text), tree.entries().size()) << text;
      EXPECT_LE(std::ranges::count(text, '\n'), static_cast<std::ptrdiff_t>(failure_tree::most_lines + 1));
      EXPECT_EQ(std::ranges::count(tree.to_string(), '\n'), 0);
    }
    EXPECT_EQ(seen.size(), fallen.size());
    EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), fallen.size()) << "nobody twice";
    if (HasFailure()) return;
  }
}

// One of many that need one another fails; whoever needs one that has gone down goes down because of it, in an order that threads decide.
TEST(FailureTree, OfASingleFaultTheFaultIsTheRoot) {
  std::mt19937 random(1'122);
  const auto below = [&random](std::size_t limit) { return random() % limit; };
  for (int round = 0; round < 500; ++round) {
    const std::size_t count = 2 + below(40);
    std::vector<std::vector<std::size_t>> needs(count);
    for (std::size_t i = 1; i < count; ++i)
      for (std::size_t n = below(4); n > 0; --n) needs[i].push_back(below(i));
    const std::size_t fault = below(count);
    std::vector<casualty> fallen{by_itself(1, std::to_string(fault), "failed", error("injected"))};
    std::set<std::size_t> down{fault};
    for (std::size_t i = fault + 1; i < count; ++i)
      for (const std::size_t needed : needs[i])
        if (down.contains(needed) && down.insert(i).second)
          fallen.push_back(because_of(std::to_string(needed), 1 + static_cast<int>(below(3)), std::to_string(i), "stopped", stop));
    std::ranges::shuffle(fallen, random);
    const auto trees = failure_trees(fallen);
    ASSERT_THAT(roots(trees), ElementsAre(std::to_string(fault)));
    ASSERT_EQ(trees[0].entries().size(), down.size());
    ASSERT_TRUE(trees[0].to_tree().starts_with(std::to_string(fault) + " failed: injected\n"));
  }
}

}  // namespace
}  // namespace steward
