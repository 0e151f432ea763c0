// SPDX-License-Identifier: Apache-2.0
#include "console.hpp"

#include "steward/deadline_context.hpp"
#include "steward/leaf.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace steward {
namespace {

// Programs that start together change within milliseconds of each other; one drawing shows them all.
constexpr std::chrono::milliseconds between_drawings(50);
constexpr int share_of_time = 20;  // a drawing of thousands takes long; it gets no more than a twentieth of the time
constexpr std::chrono::seconds clock_step(1);

}  // namespace

task<> console::run(context& ctx, callback ready) {
  const auto drawing = leaf([this](context& inside) { return keep_drawing(inside); });
  auto outcome = co_await drawing.run(ctx, ready);
  draw();
  co_return outcome;
}

// A change is drawn a little later: what it sets off, as the start of a program that has died, comes first.
task<> console::keep_drawing(context& ctx) {
  for (;;) {
    const auto begun = ctx.now();
    draw();
    const auto pause = std::max<std::chrono::nanoseconds>(between_drawings, share_of_time * (ctx.now() - begun));
    if (style_of_terminal(::fileno(out_)).terminal) {
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
  const auto now = std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  live_drawing drawing = draw_live(frame_, units_.status(), now, style_of_terminal(::fileno(out_)));
  frame_ = std::move(drawing.frame);
  std::fwrite(drawing.text.data(), 1, drawing.text.size(), out_);
  std::fflush(out_);
}

void console::say(const std::string& line) {
  const std::string text = printable(line);
  if (frame_.lines > 0) std::fputs(fmt::format("\x1b[{}A\r\x1b[J", frame_.lines).c_str(), out_);
  std::fflush(out_);
  std::fputs(fmt::format("steward: {}\n", text).c_str(), stderr);
  frame_.lines = 0;
}

}  // namespace steward
