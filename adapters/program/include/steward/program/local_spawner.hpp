// SPDX-License-Identifier: Apache-2.0
//
// Programs as children of this very process: for a service that runs a few of its own, without a keeper.
#pragma once

#include "steward/program/spawner.hpp"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <string>
#include <string_view>

namespace steward {

/// Starts programs as children of this process, holds their pidfds and output, and takes their exit statuses.
///
///     boost::asio::io_context io;
///     asio_scheduler on(io);
///     local_spawner children(io);
///     program_options how;
///     how.ready = ready_by_tcp{"127.0.0.1", 6379};
///     const auto app = chain(program({.command = {"redis-server"}}, how, children), serve);
///
/// Shape: `key`, `note` and `accept` mean nothing here, because nothing is left from a former process. A program is *gone* when its leader was reaped
/// and nobody of its group is left; a group that outlives its leader is asked for that after 5 ms, and then less and less often, up to twice a
/// second. Where process 1 does not reap orphans, as in some containers, such a group is found empty about one second late. Stop: it waits for
/// nothing of its own; a stop before a start refuses it. Errors: a failed start begins with its stage: `resolve`, `directory`, `limits` or `exec`.
/// The status of a program that somebody else reaped (SIGCHLD ignored, or a `wait` for any child) is unknown; that it ended is seen all the same.
/// Threads: all on the one that runs `io`; a start blocks it until the program has been executed (about 1 ms, less on a machine at rest).
/// Lifetime: outlives the programs, and `io` outlives it. If this process is killed, its programs go on with nobody to hold them; where that matters,
/// use a `keeper_spawner`.
/// Cost: two descriptors and about 1 KiB for each program, a pipe of up to 1 MiB that takes memory only while something is in it; no thread, no
/// signal handler, no timer while leaders live.
class local_spawner final : public spawner {
 public:
  explicit local_spawner(boost::asio::io_context& io);

  [[nodiscard]] task<held> spawn(context& ctx, std::string key, std::string note, program_spec what,
                                 std::function<bool(std::string_view note)> accept) override;
  [[nodiscard]] task<> signal(held which, int signal, bool group) override;
  void forget(const held& which) override;
  [[nodiscard]] boost::asio::io_context& io() const noexcept override { return io_; }

 private:
  boost::asio::io_context& io_;
  bool has_terminal_;
};

}  // namespace steward
