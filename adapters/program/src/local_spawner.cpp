// SPDX-License-Identifier: Apache-2.0
#include "steward/program/local_spawner.hpp"

#include "group_probe.hpp"
#include "steward/context.hpp"
#include "steward/program/process_group.hpp"
#include "steward/program/spawn.hpp"
#include "wall_clock.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fcntl.h>

#include <utility>

namespace steward {
namespace {

using boost::asio::posix::stream_descriptor;
using detail::held_phase;

/// A child of this process. What waits for its end holds it, so that it lives until it is gone.
class own_child final : public held_program, public std::enable_shared_from_this<own_child> {
 public:
  own_child(boost::asio::io_context& io, child started) : leader_(io, started.pidfd.get()), next_question_(io) {
    what.pid = started.pid;
    what.start_time = started.start_time;
    what.started_at = detail::wall_clock_now();
    what.output_capacity = started.output_capacity;
    pidfd = std::move(started.pidfd);
    output = std::move(started.output);
    claimed = true;
  }
  own_child(const own_child&) = delete;
  own_child& operator=(const own_child&) = delete;
  ~own_child() {
    if (leader_.is_open()) leader_.release();  // the descriptor is the base's
  }

  void watch_leader() {
    leader_.async_wait(stream_descriptor::wait_read, [self = shared_from_this()](const auto&) { self->leader_ended(); });
  }

  void send(int signal, bool group) {
    if (what.state.phase == held_phase::gone) return;
    if (!group) return (void)signal_leader(as_leader(), signal);
    (void)signal_group(as_leader(), signal);
    if (what.state.phase != held_phase::exited) return;
    probe_ = {};
    next_question_.cancel();
  }

 private:
  [[nodiscard]] group_leader as_leader() const noexcept {
    return {.pidfd = pidfd.get(), .pid = what.pid, .reaped = what.state.phase != held_phase::running};
  }

  void leader_ended() {
    const auto status = reap(pidfd.get());
    if (status && !*status) return watch_leader();  // not yet
    leader_.release();
    if (status) what.state.status = **status;
    what.state.ended_at = detail::wall_clock_now();
    what.state.phase = held_phase::exited;
    if (signal_group(as_leader(), 0) == false) return gone();
    changed.ring();
    ask_later();
  }

  void ask_later() {
    next_question_.expires_after(probe_.pause());
    next_question_.async_wait([self = shared_from_this()](const auto&) {
      if (self->probe_.finds_nobody(self->as_leader())) return self->gone();
      self->ask_later();
    });
  }

  void gone() {
    what.state.phase = held_phase::gone;
    changed.ring();
  }

  stream_descriptor leader_;
  boost::asio::steady_timer next_question_;
  detail::group_probe probe_;
};

}  // namespace

local_spawner::local_spawner(boost::asio::io_context& io)
    : io_(io), has_terminal_(static_cast<bool>(detail::unique_fd(::open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY)))) {}

auto local_spawner::spawn(context& ctx, std::string, std::string, program_spec what, std::function<bool(std::string_view note)>) -> task<held> {
  if (auto why = ctx.stop_error()) co_return std::move(*why);
  spawn_options options;
  options.own_session = has_terminal_;
  auto started = steward::spawn(what, options);
  if (!started) co_return std::move(started.error());
  auto made = std::make_shared<own_child>(io_, std::move(*started));
  made->watch_leader();
  co_return held(std::move(made));
}

task<> local_spawner::signal(held which, int signal, bool group) {
  static_cast<own_child&>(*which).send(signal, group);
  co_return {};
}

void local_spawner::forget(const held&) {}

}  // namespace steward
