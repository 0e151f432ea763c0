// SPDX-License-Identifier: Apache-2.0
//
// What the tests of the Asio adapter share: functions as work items, and threads that run an io_context.
#pragma once

#include "steward/asio/scheduler.hpp"
#include "steward/root_context.hpp"
#include "steward/sync_wait.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <functional>
#include <thread>
#include <utility>
#include <vector>

namespace asio_test {

/// A work item, or a timer, that calls a function.
template <class Base>
class calling final : public Base {
 public:
  explicit calling(std::function<void()> call)
    requires std::same_as<Base, steward::work>
      : Base(&run), call_(std::move(call)) {}
  explicit calling(std::function<void()> call)
    requires std::same_as<Base, steward::timer>
      : Base(&run, nullptr), call_(std::move(call)) {}

 private:
  static void run(steward::work& self) noexcept { static_cast<calling&>(static_cast<Base&>(self)).call_(); }

  std::function<void()> call_;
};

using item = calling<steward::work>;
using alarm = calling<steward::timer>;

/// An io_context that some threads run until the object goes.
class running_io {
 public:
  explicit running_io(std::size_t threads = 1) : work_(io.get_executor()) {
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { io.run(); });
  }
  ~running_io() { join(); }

  void join() {
    work_.reset();
    for (std::thread& each : threads_) each.join();
    threads_.clear();
  }

  boost::asio::io_context io;

 private:
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::vector<std::thread> threads_;
};

/// Runs `body(ctx)` as a task on the io_context, which this thread runs until nothing is left to do, and returns its result.
template <class Body>
[[nodiscard]] auto run_on(boost::asio::io_context& io, steward::scheduler& on, Body&& body) {
  steward::root_context root(on);
  auto running = body(static_cast<steward::context&>(root));
  bool ended = false;
  auto note = [&ended]() noexcept { ended = true; };
  steward::detail::outside_waiter outside(on, note);
  if (running.start(outside)) {
    io.restart();
    io.run();
  }
  using outcome = decltype(running.take());
  return ended ? running.take() : outcome(steward::fail(steward::error("the task did not end")));
}

}  // namespace asio_test
