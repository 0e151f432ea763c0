// SPDX-License-Identifier: Apache-2.0
//
// An error that several threads share. What one thread does is in unit/error_test.cpp.
#include "steward/error.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace steward {
namespace {

TEST(ErrorThreads, SharedErrorsMayBeCopiedAndDroppedOnManyThreads) {
  const error shared = error("text").prefixed("a: ");
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([copy = shared] {
      for (int n = 0; n < 10'000; ++n) {
        const error again = copy;
        EXPECT_TRUE(again.is(errc::failed));
      }
    });
  for (auto& each : threads) each.join();
}

}  // namespace
}  // namespace steward
