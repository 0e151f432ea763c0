// SPDX-License-Identifier: Apache-2.0
//
// A supervised component that ends in any way, at any moment, while its callback returns and its context stops at any other.
#include "steward/supervised.hpp"
#include "virtual_test.hpp"

#include <cstdint>
#include <optional>

namespace steward::test {
namespace {

using testing::affordable;
using testing::for_each_seed;
using testing::seeded_choices;

/// One run, with what must hold whatever the schedule.
class supervised_world {
 public:
  explicit supervised_world(choices& source) : source_(source), time_(source) {}

  void run() {
    supervised_options how(policy());
    keeps_ = source_.choose(3) != 0;
    how.on_loss = keeps_ ? when_lost::keep : when_lost::lose;
    how.before = [this](context& ctx, std::uint64_t incarnation) { return begin(ctx, incarnation); };
    how.after = [this](const exit& ended, const restart_decision& next) { look(ended, next); };
    how.spread = [this] { return static_cast<double>(source_.choose(3)) - 1.5; };
    const runnable follow = [this](context& ctx, callback ready) { return incarnation(ctx, ready); };
    const runnable what = supervised(follow, how);
    const auto use = [this](context& ctx) { return in_use(ctx); };
    background<void> job(time_, what.run(above_, use));
    const bool stopped_above = source_.choose(2) == 0;
    background<void> stopper(time_, stop_above(stopped_above ? step(40) : 80ms));
    EXPECT_TRUE(time_.run_until([&] { return job.done() && stopper.done(); })) << "it does not end";
    check_end(job.outcome());
  }

 private:
  restart_policy policy() {
    restart_policy made;
    made.when = static_cast<restart>(source_.choose(3));
    made.delays.initial = step(5);
    made.delays.max = 8ms;
    made.delays.reset_after = 10ms;
    if (source_.choose(2) == 0)
      made.budget = restart_budget{
          .restarts = static_cast<std::uint32_t>(source_.choose(4)), .window = step(50), .then = static_cast<exhausted>(source_.choose(2))};
    return made;
  }

  std::chrono::milliseconds step(std::size_t most) { return std::chrono::milliseconds(source_.choose(most)); }

  task<> begin(context& ctx, std::uint64_t incarnation) {
    EXPECT_EQ(incarnation, ++began_);
    EXPECT_TRUE(!callback_over_ || *callback_over_ == time_.now()) << "started for nobody";
    EXPECT_EQ(alive_, 0);
    if (source_.choose(4) == 0) co_return error("before");
    if (source_.choose(4) == 0) co_return co_await ctx.sleep_for(step(4));
    co_return {};
  }

  task<> incarnation(context& ctx, callback ready) {
    EXPECT_EQ(++alive_, 1);
    const result<> outcome = co_await follow(ctx, ready);
    --alive_;
    co_return outcome;
  }

  // How one incarnation ends is drawn by the seed.
  task<> follow(context& ctx, callback ready) {
    const bool deaf = source_.choose(5) == 0;
    if (deaf)
      co_await deaf_sleep(step(4));
    else if (auto waited = co_await ctx.sleep_for(step(4)); !waited)
      co_return waited;
    const auto how = source_.choose(6);
    if (how == 0) co_return error("no start");
    if (how == 1) co_return {};
    result<> used;
    {
      context handed(how == 2 ? elsewhere_ : ctx);
      if (how == 3) handed.stop();
      background<void> loser(time_, lose(handed, step(20)));
      used = co_await ready(handed);
      co_await loser;
    }
    EXPECT_TRUE(used.has_value()) << text(used);
    if (deaf) co_await deaf_sleep(step(4));
    if (source_.choose(2) == 0) co_return error("lost");
    co_return co_await ctx.sleep_for(step(4));
  }

  static task<> lose(context& handed, std::chrono::milliseconds after) {
    co_await deaf_sleep(after);
    handed.stop(stop_reason::dependency_lost);
    co_return {};
  }

  task<> stop_above(std::chrono::milliseconds after) {
    co_await deaf_sleep(after);
    above_.stop(stop_reason::shutdown);
    co_return {};
  }

  task<> in_use(context& ctx) {
    EXPECT_EQ(++callbacks_, 1);
    used_ = &ctx;
    const auto long_enough = step(60);
    if (source_.choose(3) == 0)
      co_await deaf_sleep(long_enough);
    else
      (void)co_await ctx.sleep_for(long_enough);
    used_ = nullptr;
    callback_over_ = time_.now();
    fails_ = source_.choose(4) == 0;
    if (fails_) co_return error("in use");
    co_return {};
  }

  void look(const exit& ended, const restart_decision& next) {
    EXPECT_EQ(++ended_, began_);
    EXPECT_EQ(alive_, 0);
    EXPECT_TRUE(!last_ || *last_ == verdict::restart) << "one was started that its policy did not want";
    last_ = next.what;
    if (next.what != verdict::restart) return;
    EXPECT_TRUE(!callback_over_ || *callback_over_ == time_.now()) << "restarted for nobody";
    EXPECT_TRUE(keeps_ || !ended.ready_at) << "one that was lost is started again, although its callback is lost too";
    if (used_ != nullptr) {
      EXPECT_FALSE(used_->is_stopped()) << "the callback is lost, although another incarnation follows";
    }
  }

  void check_end(const result<>& outcome) {
    EXPECT_EQ(alive_, 0);
    EXPECT_EQ(used_, nullptr) << "the callback outlives the run";
    EXPECT_EQ(ended_, began_);
    EXPECT_EQ(time_.leftovers(), 0U);
    if (fails_) {
      EXPECT_EQ(text(outcome), "in use");
    }
    if (callbacks_ > 0 || outcome) return;
    if (last_ == verdict::gave_up) {
      EXPECT_TRUE(text(outcome).starts_with("gave up after ")) << text(outcome);
    }
    if (last_ == verdict::restart) {
      EXPECT_EQ(text(outcome), "stopped: shutdown");
    }
  }

  choices& source_;
  virtual_scheduler time_;
  root_context above_{time_};
  root_context elsewhere_{time_};
  bool keeps_ = true;
  std::uint64_t began_ = 0;
  std::uint64_t ended_ = 0;
  int alive_ = 0;
  int callbacks_ = 0;
  const context* used_ = nullptr;
  std::optional<instant> callback_over_;
  bool fails_ = false;
  std::optional<verdict> last_;
};

TEST(SupervisedSeeds, FiftyThousandSchedulesOfEndsLossesReturnsAndStops) {
  for_each_seed(affordable(50'000), [](std::uint64_t seed) {
    seeded_choices source(seed);
    supervised_world(source).run();
  });
}

}  // namespace
}  // namespace steward::test
