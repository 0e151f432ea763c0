// SPDX-License-Identifier: Apache-2.0
#include "steward/program/process_group.hpp"

#include "steward/program/detail/proc_stat.hpp"
#include "steward/program/detail/system_error.hpp"
#include "wait_child.hpp"

#include <dirent.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <memory>
#include <string_view>

namespace steward {
namespace {

constexpr unsigned to_the_group = 1U << 2U;  // PIDFD_SIGNAL_PROCESS_GROUP, not in the headers of Debian 12

std::atomic<bool> no_group_signals{false};

/// Why a group was not signalled. A member that we may not signal is a member nevertheless.
result<bool> no_signal_to_group(int number, int signal) noexcept {
  if (number == ESRCH) return false;
  if (number == EPERM && signal == 0) return true;
  return detail::system_failure(number, "signal to a process group");
}

/// The way of kernels before 6.9.
result<bool> signal_group_number(const group_leader& leader, int signal) noexcept {
  // A new process with the leader's number proves that the group is empty: a number is free only when no group has it.
  if (leader.reaped && !signal_leader(leader, 0) && (::kill(leader.pid, 0) == 0 || errno != ESRCH)) return false;
  if (::kill(-leader.pid, signal) == 0) return true;
  return no_signal_to_group(errno, signal);
}

}  // namespace

result<> signal_leader(const group_leader& leader, int signal) noexcept {
  if (::syscall(SYS_pidfd_send_signal, leader.pidfd, signal, nullptr, 0U) == 0) return {};
  return detail::system_failure(errno, "signal to a process");
}

result<bool> signal_group(const group_leader& leader, int signal) noexcept {
  if (!no_group_signals.load(std::memory_order_relaxed)) {
    if (::syscall(SYS_pidfd_send_signal, leader.pidfd, signal, nullptr, to_the_group) == 0) return true;
    if (errno != EINVAL || signal < 0 || signal > SIGRTMAX) return no_signal_to_group(errno, signal);
    no_group_signals.store(true, std::memory_order_relaxed);
  }
  return signal_group_number(leader, signal);
}

result<std::optional<program_exit>> reap(int pidfd) noexcept {
  siginfo_t info{};
  if (detail::wait_child(pidfd, &info, WNOHANG) != 0) return detail::system_failure(errno, "exit status");
  if (info.si_pid == 0) return std::optional<program_exit>();
  if (info.si_code == CLD_EXITED) return program_exit{.code = info.si_status, .signal = 0};
  return program_exit{.code = 0, .signal = info.si_status};
}

bool group_has_living_member(pid_t group) {
  const std::unique_ptr<DIR, int (*)(DIR*)> all(::opendir("/proc"), ::closedir);
  if (!all) return true;
  while (const dirent* entry = ::readdir(all.get())) {  // NOLINT(concurrency-mt-unsafe): the stream is ours
    const std::string_view name = static_cast<const char*>(entry->d_name);
    pid_t pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ec != std::errc()) continue;
    const auto found = detail::read_proc_stat(pid);
    if (found && found->group == group && found->state != 'Z' && found->state != 'X') return true;
  }
  return false;
}

bool detail::use_group_number(bool yes) noexcept { return no_group_signals.exchange(yes); }

}  // namespace steward
