// SPDX-License-Identifier: Apache-2.0
//
// What the tests with real threads share: how long they go on, their seed, and who says so when they hang.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <random>
#include <string>
#include <thread>

namespace steward::test {

using namespace std::chrono_literals;  // NOLINT(google-global-names-in-headers): for tests alone

/// How long each of the cases of this program goes on: `STEWARD_STRESS_SECONDS`, by default 1, divided among them.
[[nodiscard]] inline std::chrono::milliseconds time_of_a_case() {
  constexpr int cases = 4;
  const char* const given = std::getenv("STEWARD_STRESS_SECONDS");
  return std::chrono::milliseconds(1000 * (given != nullptr ? std::strtol(given, nullptr, 10) : 1) / cases);
}

/// Says which seed a case has, and makes one generator for each thread of it. `STEWARD_SEED` gives the same choices again; how threads meet is
/// another matter.
class seeds {
 public:
  seeds() : seed_(given_or_random()) {
    std::cout << "STEWARD_SEED=" << seed_ << '\n' << std::flush;
    ::testing::Test::RecordProperty("seed", std::to_string(seed_));
  }
  [[nodiscard]] std::minstd_rand next() noexcept { return std::minstd_rand(seed_ + 7919 * ++made_); }

 private:
  static std::uint32_t given_or_random() {
    const char* const given = std::getenv("STEWARD_SEED");
    return given != nullptr ? static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10)) : std::random_device()();
  }

  std::uint32_t seed_;
  std::uint32_t made_ = 0;
};

[[nodiscard]] inline int pick(std::minstd_rand& random, int below) { return static_cast<int>(random() % static_cast<unsigned>(below)); }

/// Ends the program with a word when what it guards makes no progress for so long that it must hang.
class watchdog {
 public:
  void progress() noexcept { ++progress_; }

 private:
  void watch(const std::stop_token& end) {
    std::unique_lock guard(mutex_);
    std::uint64_t before = progress_;
    while (!woken_.wait_for(guard, end, 60s, [&] { return end.stop_requested(); })) {
      const std::uint64_t now = progress_;
      if (now == before) {
        std::cout << "no progress for a minute: something waits for ever\n" << std::flush;
        std::abort();
      }
      before = now;
    }
  }

  std::atomic<std::uint64_t> progress_{0};
  std::mutex mutex_;
  std::condition_variable_any woken_;
  std::jthread thread_{[this](const std::stop_token& end) { watch(end); }};
};

}  // namespace steward::test
