// SPDX-License-Identifier: Apache-2.0
#include "keeper_table.hpp"

#include "steward/program/detail/system_error.hpp"
#include "steward/program/spawn.hpp"
#include "wall_clock.hpp"

#include <sys/epoll.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>

namespace steward::detail {
namespace {

error no_child(std::uint64_t child) { return system_error(ESRCH, "child " + std::to_string(child)); }

}  // namespace

result<const keeper_table::record*> keeper_table::start(spawn_request&& what) {
  if (const auto living = living_by_key_.find(what.key); living != living_by_key_.end()) {
    const auto pid = children_.at(living->second).what.pid;
    return fail(error(std::make_error_code(std::errc::file_exists), what.key + ": process " + std::to_string(pid) + " or its group still lives"));
  }
  // All memory first: a child that runs but has no place here would be lost.
  const auto number = ++last_child_;
  auto handles = std::make_shared<child_handles>();
  std::map<std::uint64_t, record> place;
  auto& made = place[number];
  std::unordered_map<std::string, std::uint64_t> key_place{{what.key, number}};
  living_by_key_.reserve(living_by_key_.size() + 1);

  spawn_options options;
  options.own_session = false;  // ours has no terminal
  options.output_capacity = static_cast<std::size_t>(what.output_capacity);
  auto started = spawn(what.what, options);
  if (!started) return fail(started.error());
  made.what.child = number;
  made.what.key = std::move(what.key);
  made.what.note = std::move(what.note);
  made.what.pid = started->pid;
  made.what.start_time = started->start_time;
  made.what.started_at = wall_clock_now();
  made.what.output_capacity = started->output_capacity;
  *handles = {std::move(started->pidfd), std::move(started->output)};
  made.handles = std::move(handles);
  living_by_key_.insert(key_place.extract(key_place.begin()));
  children_.insert(place.extract(number));
  // Told once: the daemon holds the same descriptor, so closing ours does not take it out of the set.
  epoll_event event{.events = EPOLLIN | EPOLLONESHOT, .data = {.u64 = number}};
  // If that fails the child runs nevertheless, and its end is found by `reap_ended`.
  (void)::epoll_ctl(epoll_, EPOLL_CTL_ADD, made.handles->pidfd.get(), &event);
  return &made;
}

void keeper_table::ended(std::uint64_t child) {
  const auto found = children_.find(child);
  if (found == children_.end() || found->second.what.state.phase != held_phase::running) return;
  auto& which = found->second;
  const auto status = reap(which.handles->pidfd.get());
  if (status && !*status) return;  // a debugger has it first; SIGCHLD tells when it has let go of it
  if (status) which.what.state.status = **status;
  which.what.state.ended_at = wall_clock_now();
  const bool alone = signal_group({.pidfd = which.handles->pidfd.get(), .pid = which.what.pid, .reaped = true}, 0) == false;
  if (!alone) {
    outlived_.push_back(child);
    which.probe_at = clock::now() + which.probe.pause();
  }
  set_phase(which, alone ? held_phase::gone : held_phase::exited);
}

void keeper_table::reap_ended() {
  siginfo_t info{};
  // Looked at first, and taken by its own number then: a wait for any child would take the leaders' statuses too.
  while (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid != 0) {
    const auto is_it = [&](const auto& entry) {
      return entry.second.what.pid == info.si_pid && entry.second.what.state.phase == held_phase::running;
    };
    if (const auto leader = std::ranges::find_if(children_, is_it); leader != children_.end()) {
      ended(leader->first);
      if (leader->second.what.state.phase == held_phase::running) return;
    } else {
      if (::waitid(P_PID, static_cast<id_t>(info.si_pid), &info, WEXITED | WNOHANG) != 0) return;
      ask_soon();
    }
    info = {};
  }
}

void keeper_table::ask_soon() noexcept {
  for (const auto child : outlived_) children_.at(child).probe_at = {};
}

void keeper_table::probe(clock::time_point now) {
  std::erase_if(outlived_, [&](std::uint64_t child) {
    auto& which = children_.at(child);
    if (which.probe_at > now) return false;
    if (which.probe.finds_nobody(leader_of(which))) {
      set_phase(which, held_phase::gone);
      return true;
    }
    which.probe_at = now + which.probe.pause();
    return false;
  });
}

std::optional<keeper_table::clock::time_point> keeper_table::next_probe() const noexcept {
  std::optional<clock::time_point> soonest;
  for (const auto child : outlived_) {
    const auto at = children_.at(child).probe_at;
    if (!soonest || at < *soonest) soonest = at;
  }
  return soonest;
}

result<> keeper_table::signal(const signal_request& what) {
  const auto found = children_.find(what.child);
  if (found == children_.end()) return fail(no_child(what.child));
  const auto leader = leader_of(found->second);
  const auto number = static_cast<int>(what.signal);
  if (!what.group) return signal_leader(leader, number);
  const auto sent = signal_group(leader, number);
  if (!sent) return fail(sent.error());
  if (!*sent) return fail(no_child(what.child));
  ask_soon();
  return {};
}

result<> keeper_table::forget(std::uint64_t child) {
  const auto found = children_.find(child);
  if (found == children_.end()) return fail(no_child(child));
  if (found->second.what.state.phase != held_phase::gone) return system_failure(EBUSY, "child " + std::to_string(child) + ", which is not gone");
  children_.erase(found);
  return {};
}

group_leader keeper_table::leader_of(const record& which) noexcept {
  return {.pidfd = which.handles->pidfd.get(), .pid = which.what.pid, .reaped = which.what.state.phase != held_phase::running};
}

void keeper_table::set_phase(record& which, held_phase phase) {
  which.what.state.phase = phase;
  if (phase == held_phase::gone) living_by_key_.erase(which.what.key);
  changes_.push_back({.child = which.what.child, .state = which.what.state});
}

}  // namespace steward::detail
