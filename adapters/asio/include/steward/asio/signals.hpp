// SPDX-License-Identifier: Apache-2.0
//
// Signals of the operating system, awaited.
#pragma once

#include "steward/runnable.hpp"
#include "steward/task.hpp"

#include <initializer_list>
#include <memory>

namespace boost::asio {
class io_context;
class thread_pool;
}  // namespace boost::asio

namespace steward {

/// Receives signals for as long as it lives, instead of what they would do otherwise.
///
///     signals asked(io, {SIGINT, SIGTERM});
///     auto number = co_await asked.wait(ctx);
///
/// Threads: waits from one thread at a time. Those that run the `io_context`, or belong to the pool, carry them out.
/// Lifetime: shorter than the `io_context` or pool, longer than its waits.
/// Errors: the constructors throw `boost::system::system_error` where a signal cannot be received.
class signals {
 public:
  signals(boost::asio::io_context& on, std::initializer_list<int> numbers);
  signals(boost::asio::thread_pool& on, std::initializer_list<int> numbers);
  ~signals();

  /// Waits for the next signal and yields its number. One that came when nobody waited is kept.
  /// Errors: the stop's.
  [[nodiscard]] task<int> wait(context& ctx);

 private:
  class set;

  std::unique_ptr<set> set_;
};

/// A runnable that is ready at once and lost when a signal comes. Beside a program it ends that gracefully, and with success:
///
///     service app(on, parallel(program, until_signal(io, {SIGINT, SIGTERM})));
///
/// Shape: the signals are received while it runs, and have their former effect when it has ended.
/// Source: P4, L2.
[[nodiscard]] runnable until_signal(boost::asio::io_context& on, std::initializer_list<int> numbers);

}  // namespace steward
