// SPDX-License-Identifier: Apache-2.0
//
// A bell that another thread rings. What one thread does is in unit/doorbell_test.cpp.
#include "steward/doorbell.hpp"

#include "steward/sync_wait.hpp"
#include "unit/virtual_test.hpp"

#include <atomic>
#include <thread>

namespace steward::test {
namespace {

TEST(DoorbellThreads, NoRingOfAnotherThreadIsLost) {
  constexpr int rounds = 20'000;
  doorbell there;
  doorbell back;
  int shared = 0;  // guarded by the two bells alone
  std::thread other([&] {
    (void)sync_wait([&](context& ctx) -> task<> {
      for (int i = 0; i < rounds; ++i) {
        co_await or_return(there.wait(ctx));
        ++shared;
        back.ring();
      }
      co_return {};
    });
  });
  const auto outcome = sync_wait([&](context& ctx) -> task<> {
    for (int i = 0; i < rounds; ++i) {
      there.ring();
      co_await or_return(back.wait(ctx));
      if (shared != i + 1) co_return errc::invalid_state;
    }
    co_return {};
  });
  other.join();
  EXPECT_EQ(text(outcome), "success");
}

TEST(DoorbellThreads, TheLastOfManyRingsIsHeardWhateverCameBefore) {
  constexpr int rings = 100'000;
  doorbell bell;
  std::atomic<int> latest{0};
  std::thread other([&] {
    for (int i = 1; i <= rings; ++i) {
      latest.store(i, std::memory_order_relaxed);
      bell.ring();
    }
  });
  const auto outcome = sync_wait([&](context& ctx) -> task<> {
    while (latest.load(std::memory_order_relaxed) != rings) {
      co_await or_return(bell.wait(ctx));
    }
    co_return {};
  });
  other.join();
  EXPECT_EQ(text(outcome), "success");
}

}  // namespace
}  // namespace steward::test
