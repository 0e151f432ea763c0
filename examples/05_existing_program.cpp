// SPDX-License-Identifier: Apache-2.0
//
// Steward inside a program that has a `main` of its own: components run on a loop, and plain threads start and stop them.
#include "steward/deadline_context.hpp"
#include "steward/leaf.hpp"
#include "steward/process.hpp"
#include "steward/service.hpp"
#include "steward/sync_wait.hpp"
#include "steward/wait.hpp"

#include <cstdio>
#include <thread>

namespace {

using namespace std::chrono_literals;

/// Ticks until it is stopped.
steward::task<> clock_work(steward::context& ctx) {
  int ticks = 0;
  while (co_await ctx.sleep_for(1ms)) ++ticks;
  std::printf("%s\n", ticks > 0 ? "it has ticked" : "it had no time to tick");
  co_return {};
}

/// A loop that is driven by a thread, as an existing program may have one. An Asio `io_context` will do as well.
struct background_loop {
  ~background_loop() { loop.finish(); }

  steward::run_loop loop;
  std::jthread thread{[this] { loop.run(); }};
};

/// One process: started and stopped by this thread, which waits for both.
bool one_process(steward::run_loop& loop) {
  steward::root_context root(loop);
  steward::process ticker(root, steward::leaf(clock_work), "ticker");

  const auto started = steward::sync_wait_on(loop, [&] { return ticker.start(root); });
  std::printf("ticker is %s\n", std::string(to_string(ticker.state())).c_str());

  std::this_thread::sleep_for(10ms);  // what the program does besides

  // Give it a second for the graceful end; then it is forced, and the error says so.
  steward::deadline_context limit(root, 1s);
  const auto stopped = steward::sync_wait_on(loop, [&] { return ticker.stop(limit); });
  std::printf("ticker is %s\n", std::string(to_string(ticker.state())).c_str());
  return started && stopped;
}

/// A whole program with its deadlines, for those who handle signals themselves: `request_stop` may come from any thread.
int whole_program(steward::run_loop& loop) {
  steward::service app(loop, steward::leaf(clock_work));
  if (const auto ready = app.start(); !ready) std::printf("%s\n", ready.error().to_string().c_str());
  app.request_stop();
  return app.wait().code;
}

}  // namespace

int main() {
  background_loop background;
  return one_process(background.loop) ? whole_program(background.loop) : 1;
}

// It prints, for example:
//   ticker is running
//   it has ticked
//   ticker is stopped
//   it had no time to tick
