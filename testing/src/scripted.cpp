// SPDX-License-Identifier: Apache-2.0
#include "steward/testing/scripted.hpp"

#include "steward/deadline_context.hpp"
#include "steward/stop_callback.hpp"
#include "steward/wait.hpp"

#include <utility>

namespace steward::testing {

class scripted::alive_mark {
 public:
  explicit alive_mark(counters& count) noexcept : count_(&count) {
    const std::size_t now = ++count.alive;
    std::size_t most = count.most_alive;
    while (most < now && !count.most_alive.compare_exchange_weak(most, now)) continue;
  }
  alive_mark(const alive_mark&) = delete;
  alive_mark& operator=(const alive_mark&) = delete;
  ~alive_mark() { --count_->alive; }

 private:
  counters* count_;
};

scripted::scripted(std::string name) : counters_(std::make_shared<counters>()) {
  scripts_.push_back(std::make_shared<script>());
  last().name = std::move(name);
}

scripted::scripted(std::string name, journal& log) : scripted(std::move(name)) { last().log = &log; }

scripted& scripted::ready_after(duration time) {
  last().ready_after = time;
  return *this;
}
scripted& scripted::ready_when(gate& open) {
  last().ready_gate = &open;
  return *this;
}
scripted& scripted::hang() {
  last().hang = true;
  return *this;
}
scripted& scripted::end_before_ready(result<> outcome) {
  last().end_before_ready = std::move(outcome);
  return *this;
}
scripted& scripted::calls_twice() {
  last().twice = true;
  return *this;
}
scripted& scripted::hands_child() {
  last().child = true;
  return *this;
}
scripted& scripted::lose_after(duration time) {
  last().lose_after = time;
  return *this;
}
scripted& scripted::winds_down_in(duration time) {
  last().wind_down = time;
  return *this;
}
scripted& scripted::winds_down_when(gate& open) {
  last().end_gate = &open;
  return *this;
}
scripted& scripted::fail_with(error why) {
  last().fails = std::move(why);
  return *this;
}
scripted& scripted::ignore_stop() {
  last().deaf = true;
  return *this;
}
scripted& scripted::at_start(std::function<void()> what) {
  last().at_start = std::move(what);
  return *this;
}
scripted& scripted::at_end(std::function<void()> what) {
  last().at_end = std::move(what);
  return *this;
}
scripted& scripted::then(scripted next) {
  for (auto& each : next.scripts_) scripts_.push_back(std::move(each));
  return *this;
}

void scripted::note(const script& how, const context& ctx, const char* what) {
  if (how.log != nullptr) how.log->add(ctx, how.name + " " + what);
}

task<> scripted::run(context& ctx, callback ready) {
  const std::size_t run = counters_->runs++;
  return follow(scripts_[std::min(run, scripts_.size() - 1)], counters_, ctx, ready);
}

task<> scripted::follow(std::shared_ptr<const script> how, std::shared_ptr<counters> count, context& ctx, callback ready) {
  const alive_mark mark(*count);
  note(*how, ctx, "start");
  if (how->at_start) how->at_start();
  if (auto started = co_await become_ready(*how, ctx); !started) {
    note(*how, ctx, "end");
    co_return started;
  }
  if (how->end_before_ready) {
    note(*how, ctx, "end");
    co_return *how->end_before_ready;
  }
  result<> outcome;
  if (how->child || how->lose_after)
    outcome = co_await hand_child(*how, ctx, ready);
  else
    outcome = co_await call(*how, ctx, ready);
  note(*how, ctx, "released");
  const auto ended = co_await wind_down(*how, ctx);
  if (how->at_end) how->at_end();
  note(*how, ctx, "end");
  if (!outcome) co_return outcome;
  if (how->fails) co_return *how->fails;
  co_return ended;
}

task<> scripted::become_ready(const script& how, context& ctx) {
  if (how.ready_gate != nullptr) co_await how.ready_gate->passed();
  if (how.deaf) {
    co_await deaf_sleep(how.ready_after);
    co_return {};
  }
  if (how.ready_after > duration::zero()) (void)co_await ctx.sleep_for(how.ready_after);
  if (how.hang) (void)co_await ctx.stopped();
  if (auto why = ctx.stop_error(); why && (how.hang || how.ready_after > duration::zero())) {
    note(how, ctx, "forced");
    co_return *why;
  }
  co_return {};
}

task<> scripted::hand_child(const script& how, context& ctx, callback ready) {
  context handed(ctx);
  result<> outcome;
  if (how.lose_after) {
    deadline_context fuse(ctx, *how.lose_after);
    const auto lose = [&] {
      if (fuse.stop_error()->inherited()) return;
      note(how, ctx, "lost");
      handed.stop(stop_reason::dependency_lost);
    };
    const stop_callback lost(fuse, lose);
    outcome = co_await call(how, handed, ready);
  } else {
    outcome = co_await call(how, handed, ready);
  }
  handed.stop();
  co_return outcome;
}

task<> scripted::call(const script& how, context& handed, callback ready) {
  note(how, handed, "ready");
  auto outcome = co_await ready(handed);
  if (how.twice) {
    if (auto again = co_await ready(handed); again || !again.error().is(errc::callback_already_called)) co_return error("a second call was accepted");
  }
  co_return outcome;
}

task<> scripted::wind_down(const script& how, context& ctx) {
  if (how.end_gate != nullptr) co_await how.end_gate->passed();
  if (how.deaf) {
    co_await deaf_sleep(how.wind_down);
    co_return {};
  }
  if (how.wind_down <= duration::zero()) co_return {};
  auto slept = co_await ctx.sleep_for(how.wind_down);
  if (!slept) note(how, ctx, "forced");
  co_return slept;
}

}  // namespace steward::testing
