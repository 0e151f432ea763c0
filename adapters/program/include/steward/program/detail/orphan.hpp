// SPDX-License-Identifier: Apache-2.0
//
// A program whose keeper has died, and who waits for its end.
#pragma once

#include "steward/detail/beside.hpp"
#include "steward/program/spawner.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

namespace steward::detail {

/// Sees the end of a leader, ends what is left of its group, and makes the program `gone` when nobody of it lives. How it ended nobody tells.
///
/// Threads: the one of `io`.  Lifetime: until `stop` has returned, or it has ended.
class orphan {
 public:
  orphan(boost::asio::io_context& io, scheduler& on, spawner::held program);
  orphan(const orphan&) = delete;
  orphan& operator=(const orphan&) = delete;
  ~orphan();

  /// Waits no more. A program that lives goes on.
  [[nodiscard]] task<> stop();

  /// Whether it waits no more: nobody of the program lives, or it was stopped.
  [[nodiscard]] bool has_ended() const noexcept { return watching_.has_ended(); }

 private:
  [[nodiscard]] task<> watch();

  spawner::held program_;
  boost::asio::posix::stream_descriptor leader_;
  boost::asio::steady_timer pause_;
  bool stopped_ = false;
  beside watching_;
};

}  // namespace steward::detail
