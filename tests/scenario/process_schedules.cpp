// SPDX-License-Identifier: Apache-2.0
#include "process_schedules.hpp"

#include <algorithm>
#include <utility>

namespace steward::test {

process_world::process_world(virtual_scheduler& time, behaviour how, std::vector<actor> who, std::function<std::chrono::nanoseconds()> step)
    : time_(time), how_(how), step_(std::move(step)) {
  const auto follow_script = [this](context& ctx, callback ready) { return follow(ctx, ready); };
  process_.emplace(parent_, follow_script, "p");
  for (const actor each : who) take_part(each);
}

void process_world::take_part(actor who) {
  jobs_.emplace_back(time_, [this, who] { return act(who); });
  parts_.push_back({who, std::prev(jobs_.end())});
}

task<> process_world::act(actor who) {
  co_await deaf_sleep(step_());
  switch (who) {
    case actor::starter:
    case actor::second_starter:
      co_return co_await process_->start(of_start_);
    case actor::stopper:
    case actor::second_stopper:
      co_return co_await process_->stop(of_stop_);
    case actor::start_deadline:
      of_start_.stop(stop_reason::deadline);
      break;
    case actor::stop_deadline:
      of_stop_.stop(stop_reason::deadline);
      break;
    case actor::parent:
      parent_.stop(stop_reason::shutdown);
      break;
    case actor::forcer:
      process_->force(stop_reason::superseded);
      break;
    case actor::requester:
      process_->request_stop(error("asked from inside"));
      break;
    case actor::watcher:
      co_return co_await process_->done(root_);
  }
  co_return {};
}

task<> process_world::lose(context& handed) {
  co_await deaf_sleep(step_());
  handed.stop(stop_reason::dependency_lost);
  co_return {};
}

// NOLINTNEXTLINE(readability-function-size): one script
task<> process_world::follow(context& ctx, callback ready) {
  ++runs_;
  ++inside_;
  if (how_ == behaviour::deaf)
    co_await deaf_sleep(step_());
  else if (auto waited = co_await ctx.sleep_for(step_()); !waited) {
    --inside_;
    co_return waited;
  }
  result<> outcome;
  if (how_ == behaviour::fails_to_start) {
    outcome = fail(errc::unreadable);
  } else if (how_ == behaviour::lost || how_ == behaviour::lost_at_once) {
    context handed(ctx);
    if (how_ == behaviour::lost_at_once) handed.stop();
    background loser(time_, lose(handed));
    outcome = co_await ready(handed);
    co_await loser;
  } else if (how_ == behaviour::lost_elsewhere) {
    context handed(elsewhere_);
    background loser(time_, lose(handed));
    outcome = co_await ready(handed);
    co_await loser;
  } else if (how_ != behaviour::ends_before_ready) {
    outcome = co_await ready(ctx);
  }
  EXPECT_TRUE(outcome.has_value() || how_ == behaviour::fails_to_start) << text(outcome);  // PR13
  if (how_ == behaviour::fails_at_the_end && outcome) outcome = fail(errc::unreadable);
  if (outcome && how_ != behaviour::deaf) outcome = co_await ctx.sleep_for(step_());
  --inside_;
  co_return outcome;
}

void process_world::look() {
  const process& p = *process_;
  const process_state now = p.state();
  EXPECT_GE(now, last_) << "PR1: went back from " << to_string(last_) << " to " << to_string(now);
  last_ = now;
  if (now == process_state::running) saw_running_ = true;
  if (now == process_state::stopped && !saw_running_) stopped_before_ready_ = true;
  EXPECT_EQ(p.ending(), now == process_state::stopped && !p.is_done());
  if (!p.is_done()) {
    EXPECT_FALSE(final_err_.has_value()) << "PR8: done did not stay";
    EXPECT_FALSE(p.err().has_value());
    return;
  }
  EXPECT_EQ(now, process_state::stopped);
  const result<> err = p.err() ? result<>(fail(*p.err())) : result<>();
  if (final_err_) {
    EXPECT_EQ(text(*final_err_), text(err)) << "PR8: err is not final";
  }
  final_err_ = err;
}

// In the end somebody always asks it to go, first gently, then not.
void process_world::drain() {
  const auto idle = [this] {
    do {
      while (time_.run_one()) look();
    } while (time_.move_to_next_timer());
  };
  idle();
  process_->request_stop();
  idle();
  process_->force();
  idle();
  if (process_->state() == process_state::initial) take_part(actor::stopper);
  idle();
}

void process_world::run() {
  look();
  drain();
  check_end();
  check_starts();
  check_stops();
}

bool process_world::has(actor who) const {
  return std::any_of(parts_.begin(), parts_.end(), [who](const part& each) { return each.who == who; });
}

std::vector<const background<void>*> process_world::jobs_of(actor first, actor second) const {
  std::vector<const background<void>*> jobs;
  for (const part& each : parts_)
    if (each.who == first || each.who == second) jobs.push_back(&*each.job);
  return jobs;
}

void process_world::check_end() const {
  EXPECT_TRUE(process_->is_done());
  EXPECT_EQ(inside_, 0);
  EXPECT_LE(runs_, 1);
  EXPECT_EQ(time_.leftovers(), 0U);
  for (const part& each : parts_) EXPECT_TRUE(each.job->done()) << "actor " << static_cast<int>(each.who) << " waits for ever";
}

void process_world::check_starts() const {
  int accepted = 0;
  int succeeded = 0;
  for (const background<void>* job : jobs_of(actor::starter, actor::second_starter)) {
    const result<>& outcome = job->outcome();
    if (!outcome && outcome.error() == error(errc::invalid_state)) continue;
    ++accepted;
    succeeded += outcome ? 1 : 0;
    EXPECT_EQ(outcome.has_value(), saw_running_) << "PR3, PR5: " << text(outcome);
    if (!outcome && outcome.error().is_stop() && outcome.error().reason() == stop_reason::deadline) {
      EXPECT_TRUE(has(actor::start_deadline) || has(actor::stop_deadline));
    }
  }
  EXPECT_LE(accepted, 1) << "PR2";
  EXPECT_TRUE(succeeded == 0 || !stopped_before_ready_) << "PR5";
}

void process_world::check_stops() const {
  int did = 0;
  for (const background<void>* job : jobs_of(actor::stopper, actor::second_stopper)) {
    const result<>& outcome = job->outcome();
    if (!outcome && outcome.error() == error(errc::invalid_state)) continue;
    ++did;
    if (outcome) continue;
    if (outcome.error().is_stop() && outcome.error().reason() == stop_reason::deadline) {
      EXPECT_TRUE(has(actor::stop_deadline) || has(actor::start_deadline));
      continue;
    }
    EXPECT_TRUE(text(outcome).starts_with("run: ")) << text(outcome);
  }
  EXPECT_LE(did, 1) << "PR9";
}

}  // namespace steward::test
