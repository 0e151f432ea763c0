// SPDX-License-Identifier: Apache-2.0
#include "console.hpp"

#include "steward/deadline_context.hpp"
#include "steward/leaf.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace steward {
namespace {

// Programs that start together change within milliseconds of each other; one drawing shows them all.
constexpr std::chrono::milliseconds between_drawings(100);
constexpr int share_of_time = 20;  // a drawing of thousands takes long; it gets no more than a twentieth of the time
constexpr std::chrono::seconds clock_step(1);
constexpr std::chrono::seconds last_patience(1);  // in the end, for what could not be shown
constexpr std::size_t most_said = std::size_t{64} << 10U;

}  // namespace

task<> console::run(context& ctx, callback ready) {
  const auto drawing = leaf([this](context& inside) { return keep_drawing(inside); });
  auto outcome = co_await drawing.run(ctx, ready);
  phase_ = live_phase::ended;
  draw();
  (void)co_await finish(ctx);
  co_return outcome;
}

task<> console::finish(context& ctx) {
  const auto until = ctx.now() + last_patience;
  while (behind() && ctx.now() < until) {
    co_await or_return(co_await ctx.sleep_for(between_drawings));
    draw();
  }
  co_return {};
}

// A change is drawn a little later: what it sets off, as the start of a program that has died, comes first.
task<> console::keep_drawing(context& ctx) {
  for (;;) {
    const auto begun = ctx.now();
    draw();
    const auto pause = std::max<std::chrono::nanoseconds>(between_drawings, share_of_time * (ctx.now() - begun));
    if (behind() || style_of_terminal(out_.descriptor()).terminal) {
      deadline_context second(ctx, clock_step);
      (void)co_await units_.changed().wait(second);
    } else {
      (void)co_await units_.changed().wait(ctx);
    }
    auto paused = co_await ctx.sleep_for(pause);
    if (!paused) co_return paused;
  }
}

void console::draw() {
  catch_up();
  if (out_.behind()) return;
  live_drawing drawing = draw_live(frame_, units_.status(), wall_now(), style_of_terminal(out_.descriptor()), phase_);
  frame_ = std::move(drawing.frame);
  out_.write(drawing.text);
}

void console::ending() {
  phase_ = live_phase::ending;
  units_.changed().ring();
}

void console::say(const std::string& line) {
  said_ += fmt::format("steward: {}\n", printable(line));
  while (said_.size() > most_said) said_.erase(0, said_.find('\n') + 1);
  catch_up();
  if (behind()) units_.changed().ring();  // who draws tries again
}

// A table that is on the screen makes way for what is said.
void console::catch_up() {
  if (!out_.flush() || !err_.flush() || said_.empty()) return;
  if (!frame_.lines.empty()) out_.write(to_first_line(frame_, style_of_terminal(out_.descriptor()).width) + "\x1b[J");
  frame_.lines.clear();
  if (out_.flush()) err_.write(std::exchange(said_, {}));
}

}  // namespace steward
