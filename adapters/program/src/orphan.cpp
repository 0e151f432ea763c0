// SPDX-License-Identifier: Apache-2.0
#include "steward/program/detail/orphan.hpp"

#include "group_probe.hpp"
#include "steward/asio/use_task.hpp"
#include "steward/program/process_group.hpp"
#include "wall_clock.hpp"

#include <csignal>
#include <utility>

namespace steward::detail {

orphan::orphan(boost::asio::io_context& io, scheduler& on, spawner::held program)
    : program_(std::move(program)), leader_(io, program_->pidfd.get()), pause_(io), watching_(on) {
  watching_.start(watch());
}

orphan::~orphan() {
  if (leader_.is_open()) leader_.release();  // the descriptor is the program's
}

task<> orphan::stop() {
  stopped_ = true;
  if (leader_.is_open()) leader_.cancel();
  pause_.cancel();
  (void)co_await watching_.join();
  co_return {};
}

task<> orphan::watch() {
  if (stopped_) co_return {};
  (void)co_await leader_.async_wait(boost::asio::posix::stream_descriptor::wait_read, use_task.ignoring_stop());
  leader_.release();
  if (stopped_) co_return {};
  const group_leader leader{.pidfd = program_->pidfd.get(), .pid = program_->what.pid, .reaped = true};
  (void)signal_group(leader, SIGKILL);
  group_probe probe;
  while (!probe.finds_nobody(leader)) {
    pause_.expires_after(probe.pause());
    (void)co_await pause_.async_wait(use_task.ignoring_stop());
    if (stopped_) co_return {};
  }
  program_->what.state.phase = held_phase::gone;
  program_->what.state.ended_at = wall_clock_now();
  program_->changed.ring();
  program_.reset();
  co_return {};
}

}  // namespace steward::detail
