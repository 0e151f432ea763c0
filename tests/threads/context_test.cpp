// SPDX-License-Identifier: Apache-2.0
//
// A context that other threads stop. What one thread does is in unit/context_test.cpp.
#include "steward/context.hpp"

#include "steward/root_context.hpp"
#include "steward/run_loop.hpp"
#include "steward/stop_callback.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <optional>
#include <thread>
#include <vector>

namespace steward {
namespace {

class ContextThreads : public ::testing::Test {
 protected:
  run_loop loop;
  root_context root{loop};
};

TEST_F(ContextThreads, C4_OfManyThreadsThatStopExactlyOneDidIt) {
  for (int round = 0; round < 50; ++round) {
    context child(root);
    std::atomic<int> calls{0};
    std::atomic<int> did{0};
    const stop_callback count(child, [&] { ++calls; });
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { did += child.stop() ? 1 : 0; });
    for (auto& each : threads) each.join();
    EXPECT_EQ(calls, 1);
    EXPECT_EQ(did, 1);
  }
}

TEST_F(ContextThreads, C4_ACallbackRunsOnTheStoppersThreadInsideTheStop) {
  std::thread::id seen;
  std::thread::id stopper;
  bool inside = false;
  const stop_callback look(root, [&] {
    seen = std::this_thread::get_id();
    inside = true;
  });
  bool ran_inside = false;
  std::thread([&] {
    stopper = std::this_thread::get_id();
    root.stop();
    ran_inside = inside;
  }).join();
  EXPECT_EQ(seen, stopper);
  EXPECT_TRUE(ran_inside);
}

TEST_F(ContextThreads, C4_DeregistrationWaitsForACallOnAnotherThread) {
  std::atomic<bool> inside{false};
  std::atomic<bool> let_go{false};
  std::atomic<bool> returned{false};
  std::optional<stop_callback<std::function<void()>>> slow;
  slow.emplace(root, [&] {
    inside = true;
    while (!let_go) std::this_thread::yield();
    returned = true;
  });
  std::thread stopper([&] { root.stop(); });
  while (!inside) std::this_thread::yield();
  std::thread helper([&] { let_go = true; });
  slow.reset();
  EXPECT_TRUE(returned);
  stopper.join();
  helper.join();
}

}  // namespace
}  // namespace steward
