// SPDX-License-Identifier: Apache-2.0
#include "steward/testing/explore.hpp"

#include "steward/misuse.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <utility>

namespace steward::testing {
namespace {

// The schedule that runs just now. One thread explores at a time.
constinit std::uint64_t seed_now = 0;
constinit const enumerated_choices* choices_now = nullptr;
constinit misuse_handler handler_before = nullptr;

std::string test_name() {
  const ::testing::TestInfo* test = ::testing::UnitTest::GetInstance()->current_test_info();
  return test == nullptr ? "*" : std::string(test->test_suite_name()) + "." + test->name();
}

std::string replay() {
  const std::string which = choices_now != nullptr ? "STEWARD_CHOICES=" + choices_now->to_string() : "STEWARD_SEED=" + std::to_string(seed_now);
  return "to see it again: " + which + " … --gtest_filter=" + test_name();
}

// A misuse ends the program, so the way back to it has to be printed before.
class exploration {
 public:
  exploration() noexcept {
    handler_before = set_misuse_handler([]() noexcept {
      std::fprintf(stderr, "%s\n", replay().c_str());
      handler_before();
    });
  }
  exploration(const exploration&) = delete;
  exploration& operator=(const exploration&) = delete;
  ~exploration() {
    set_misuse_handler(handler_before);
    choices_now = nullptr;
  }

  /// False if a check has failed.
  template <class Body>
  [[nodiscard]] bool passes(Body&& body) const {
    if (::testing::Test::HasFailure()) return false;
    body();
    if (!::testing::Test::HasFailure()) return true;
    std::fprintf(stderr, "%s\n", replay().c_str());
    return false;
  }
};

const char* from_environment(const char* name) {
  return std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody changes the environment while tests run
}

// Whoever goes through new seeds for hours wants to know which of them ended the program.
void say_the_seed(int signal) {
  std::fprintf(stderr, "%s\n", replay().c_str());
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

// New seeds for that long, at least one.
void soak(const exploration& explored, std::chrono::seconds time, const std::function<void(std::uint64_t seed)>& body) {
  using clock = std::chrono::steady_clock;
  constexpr auto between_reports = std::chrono::seconds(5);
  const auto handler = std::signal(SIGSEGV, say_the_seed);
  const std::uint64_t first = std::uint64_t{std::random_device()()} << 20U;
  const auto began = clock::now();
  auto reported = began;
  for (seed_now = first; explored.passes([&body] { body(seed_now); }); ++seed_now) {
    const auto now = clock::now();
    if (now - reported >= between_reports || now - began >= time) {
      const std::uint64_t count = seed_now - first + 1;
      const auto passed = std::chrono::duration_cast<std::chrono::seconds>(now - began);
      std::fprintf(stderr, "%lld of %lld s: %llu seeds from %llu hold\n", static_cast<long long>(passed.count()),
                   static_cast<long long>(time.count()), static_cast<unsigned long long>(count), static_cast<unsigned long long>(first));
      reported = now;
    }
    if (now - began >= time) break;
  }
  std::signal(SIGSEGV, handler);
}

}  // namespace

void for_each_seed(std::size_t count, const std::function<void(std::uint64_t seed)>& body) {
  const exploration explored;
  const char* const only = from_environment("STEWARD_SEED");
  const char* const seconds = from_environment("STEWARD_SOAK_SECONDS");
  if (only == nullptr && seconds != nullptr) return soak(explored, std::chrono::seconds(std::strtoll(seconds, nullptr, 10)), body);
  const std::uint64_t first = only != nullptr ? std::strtoull(only, nullptr, 10) : 1;
  const std::uint64_t last = only != nullptr ? first : count;
  for (seed_now = first; seed_now <= last; ++seed_now)
    if (!explored.passes([&body] { body(seed_now); })) return;
}

std::size_t for_each_schedule(const std::function<void(choices& source)>& body, std::size_t limit) {
  const exploration explored;
  const char* const only = from_environment("STEWARD_CHOICES");
  enumerated_choices source(only != nullptr ? only : "");
  choices_now = &source;
  std::size_t count = 0;
  do {
    if (count++ == limit) {
      ADD_FAILURE() << "more than " << limit << " schedules: too many to explore them all";
      break;
    }
  } while (explored.passes([&] { body(source); }) && only == nullptr && source.next());
  return count;
}

std::size_t affordable(std::size_t count) noexcept {
  const char* const sanitized = from_environment("STEWARD_SANITIZED");
  return sanitized != nullptr && *sanitized == '1' ? (count + 9) / 10 : count;
}

}  // namespace steward::testing
