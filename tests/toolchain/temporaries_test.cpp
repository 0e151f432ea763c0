// SPDX-License-Identifier: Apache-2.0
//
// What may stand in a co_await expression. g++ 12.2 destroys some temporaries there twice (decision 0005); each test is a form that is right under
// both compilers. The forms that are wrong are refused by tools/check_laws.py; the last test shows that the probe sees one.
#include "probe.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace toolchain {
namespace {

using steward::task;

/// An aggregate that owns something: the dangerous kind.
struct plain_options {
  probe name;
  int count = 0;
};

/// The same with a constructor: the kind that this house uses.
class built_options {
 public:
  built_options(probe name, int count) : name_(std::move(name)), count_(count) {}
  [[nodiscard]] std::size_t size() const noexcept { return name_.size() + static_cast<std::size_t>(count_); }

 private:
  probe name_;
  int count_;
};

task<std::size_t> call(std::function<std::size_t()> called) { co_return called(); }
template <class F>
task<std::size_t> call_forwarded(F&& called) {
  co_return std::forward<F>(called)();
}
task<std::size_t> take_plain(plain_options taken) { co_return taken.name.size() + static_cast<std::size_t>(taken.count); }
task<std::size_t> read_plain(const plain_options& read) { co_return read.name.size(); }
task<std::size_t> take_built(built_options taken) { co_return taken.size(); }
task<std::size_t> take_words(std::vector<std::string> words) { co_return words.size(); }
task<std::size_t> take_text(std::string text) { co_return text.size(); }
task<std::size_t> take_shared(std::shared_ptr<probe> shared) { co_return shared->size(); }

class Temporaries : public testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(probe::alive, 0); }
  const std::size_t expected = long_text.size();
};

TEST_F(Temporaries, LambdaNamedFirstThenPassed) {
  EXPECT_EQ(run([]() -> task<std::size_t> {
              const auto named = [held = probe(long_text)] { return held.size(); };
              co_return co_await call(named);
            }),
            expected);
}

TEST_F(Temporaries, LambdaNamedFirstThenMoved) {
  EXPECT_EQ(run([]() -> task<std::size_t> {
              auto named = [held = probe(long_text)] { return held.size(); };
              co_return co_await call_forwarded(std::move(named));
            }),
            expected);
}

TEST_F(Temporaries, LambdaThatRefersOnly) {
  EXPECT_EQ(run([]() -> task<std::size_t> {
              const probe held(long_text);
              co_return co_await call([&] { return held.size(); });
            }),
            expected);
}

TEST_F(Temporaries, BoundFunction) {
  EXPECT_EQ(run([]() -> task<std::size_t> {
              const probe held(long_text);
              co_return co_await call(std::bind_front(&probe::size, held));
            }),
            expected);
}

TEST_F(Temporaries, OptionsNamedFirst) {
  EXPECT_EQ(run([]() -> task<std::size_t> {
              plain_options options{.name = probe(long_text), .count = 3};
              co_return co_await take_plain(std::move(options));
            }),
            expected + 3);
}

TEST_F(Temporaries, OptionsNamedFirstThenReferredTo) {
  EXPECT_EQ(run([]() -> task<std::size_t> {
              const plain_options options{.name = probe(long_text)};
              co_return co_await read_plain(options);
            }),
            expected);
}

TEST_F(Temporaries, VectorNamedFirst) {
  EXPECT_EQ(run([]() -> task<std::size_t> {
              std::vector<std::string> words = {long_text, long_text};
              co_return co_await take_words(std::move(words));
            }),
            2U);
}

TEST_F(Temporaries, ClassWithAConstructor) {
  EXPECT_EQ(run([]() -> task<std::size_t> { co_return co_await take_built(built_options(probe(long_text), 3)); }), expected + 3);
}

TEST_F(Temporaries, ClassWithAConstructorFromAList) {
  EXPECT_EQ(run([]() -> task<std::size_t> { co_return co_await take_built({probe(long_text), 3}); }), expected + 3);
}

TEST_F(Temporaries, StringBuiltInPlace) {
  EXPECT_EQ(run([]() -> task<std::size_t> { co_return co_await take_text(std::string(long_text) + "!"); }), expected + 1);
}

TEST_F(Temporaries, SharedPointerByValue) {
  EXPECT_EQ(run([]() -> task<std::size_t> {
              const auto shared = std::make_shared<probe>(long_text);
              const auto size = co_await take_shared(shared);
              co_return shared.use_count() == 1 ? *size : 0;
            }),
            expected);
}

TEST_F(Temporaries, SharedPointerBuiltInPlace) {
  EXPECT_EQ(run([]() -> task<std::size_t> { co_return co_await take_shared(std::make_shared<probe>(long_text)); }), expected);
}

TEST_F(Temporaries, TaskNamedFirstThenMoved) {
  EXPECT_EQ(run([]() -> task<std::size_t> {
              auto named = take_built(built_options(probe(long_text), 3));
              co_return co_await std::move(named);
            }),
            expected + 3);
}

TEST_F(Temporaries, ResultNamedInAnIf) {
  EXPECT_EQ(run([]() -> task<std::size_t> {
              if (const auto size = co_await take_text(std::string(long_text)); size) co_return *size;
              co_return 0;
            }),
            expected);
}

TEST_F(Temporaries, EarlyExit) {
  EXPECT_EQ(run([]() -> task<std::size_t> {
              const std::size_t size = co_await steward::or_return(take_built(built_options(probe(long_text), 3)));
              co_return size;
            }),
            expected + 3);
}

TEST_F(Temporaries, ErrorsInPlace) {
  EXPECT_EQ(run([]() -> task<std::size_t> {
              const auto refuse = [](steward::error why) -> task<std::size_t> { co_return why; };
              const auto refused = co_await refuse(steward::error(steward::errc::process_exists));
              co_return refused ? 0 : long_text.size();
            }),
            expected);
}

TEST_F(Temporaries, LoopWhoseConditionAwaitsWithABody) {
  EXPECT_EQ(run([]() -> task<std::size_t> {
              std::size_t rounds = 0;
              const auto fewer_than_three = [&]() -> task<std::size_t> {
                if (rounds == 3) co_return steward::errc::not_found;
                co_return rounds;
              };
              while (co_await fewer_than_three()) ++rounds;
              co_return rounds;
            }),
            3U);
}

#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ == 12
/// Holds no memory, so that destroying it twice is only counted.
struct counter {
  counter() { ++alive; }
  counter(const counter&) { ++alive; }
  counter(counter&&) noexcept { ++alive; }
  ~counter() { --alive; }
  static inline int alive = 0;
};
struct counters {
  counter first;
  int second = 0;
};
task<std::size_t> take_counters(counters) { co_return 1; }

// If this one fails, the compiler has been repaired, and the house law can be loosened.
TEST(Trap, CompilerStillDestroysAnAggregateTwice) {
  EXPECT_EQ(run([]() -> task<std::size_t> { co_return co_await take_counters(counters{counter(), 3}); }), 1U);
  EXPECT_LT(counter::alive, 0);
}
#endif

}  // namespace
}  // namespace toolchain
