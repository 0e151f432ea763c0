// SPDX-License-Identifier: Apache-2.0
//
// Programs that the keeper holds, as the daemon sees them.
#pragma once

#include "steward/program/detail/bell.hpp"
#include "steward/program/detail/frame_channel.hpp"
#include "steward/program/detail/keeper_protocol.hpp"
#include "steward/program/keeper.hpp"
#include "steward/program/spec.hpp"
#include "steward/runnable.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace steward {

/// A program that the keeper holds. Whoever has it is the only one.
struct held_program {
  detail::held_child what;
  detail::unique_fd pidfd;
  detail::unique_fd output;
  detail::bell changed;  ///< rung when `what.state` changes
  bool claimed = false;
};

/// The daemon's end of its connection to the keeper: starts programs, signals them, and is told how they end.
///
/// It is a runnable: it is ready when it knows what a former daemon has left running; in the end it asks the keeper to leave, which it does when it holds
/// nothing any more. If the keeper dies, it says so, watches what lives by the system's own means, and has a new keeper for what is started from then on.
///
/// Threads: all on the one of `io`.  Lifetime: outlives its run and the programs.
class keeper_spawner {
 public:
  /// `renew` gets a connection to a new keeper when this one has died; `warn` is told in one line.
  keeper_spawner(boost::asio::io_context& io, keeper_link link, std::function<result<keeper_link>()> renew, std::function<void(const std::string&)> warn);

  [[nodiscard]] task<> run(context& ctx, callback ready);

  /// Starts a program under a key.
  /// Shape: one that a former daemon started under this key and that nobody has claimed is taken over, if `accept` likes its note; another such is ended first.
  /// Errors: stage and reason, as `spawn`.
  [[nodiscard]] task<std::shared_ptr<held_program>> spawn(context& ctx, std::string key, std::string note, program_spec what,
                                                          std::function<bool(std::string_view note)> accept);

  /// Signals the leader, or its whole group. A program that is gone already is no error.
  [[nodiscard]] task<> signal(held_program& which, int signal, bool group);

  /// Lets go of the record of a program that is gone.
  void forget(held_program& which);

  /// The note of what a former daemon left under a key, if it is still held and nobody has claimed it.
  [[nodiscard]] std::optional<std::string_view> note_of_living(std::string_view key) const;

  /// Ends, gracefully and then by force, what a former daemon left running and nobody has claimed.
  [[nodiscard]] task<> end_unclaimed(context& ctx);

  [[nodiscard]] boost::asio::io_context& io() const noexcept { return io_; }

 private:
  struct answer {
    detail::bell came;
    std::optional<detail::reply> body;
    detail::unique_fd pidfd;
    detail::unique_fd output;
  };
  using held = std::shared_ptr<held_program>;

  [[nodiscard]] task<> adopt_all();
  [[nodiscard]] task<> keep_reading(context& ctx);
  [[nodiscard]] task<> keep_writing(context& ctx);
  [[nodiscard]] result<> take_frames();
  void dispatch(detail::numbered<detail::reply> told);
  [[nodiscard]] task<> ask(detail::request body, answer& into);
  [[nodiscard]] task<> ask_done(detail::request body);
  [[nodiscard]] task<> end(held which);
  void connection_lost(const error& why);
  [[nodiscard]] task<> watch_orphan(held which);

  boost::asio::io_context& io_;
  std::function<result<keeper_link>()> renew_;
  std::function<void(const std::string&)> warn_;
  detail::frame_channel channel_;
  boost::asio::posix::stream_descriptor socket_;
  std::uint64_t last_id_ = 1;
  bool connected_ = true;
  detail::bell to_write_;
  std::map<std::uint64_t, answer*> asked_;
  std::map<std::uint64_t, held> programs_;
  held listed_;  // while the list comes in
};

}  // namespace steward
