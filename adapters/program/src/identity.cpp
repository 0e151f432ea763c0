// SPDX-License-Identifier: Apache-2.0
#include "steward/program/identity.hpp"

#include "steward/program/detail/proc_stat.hpp"
#include "steward/program/detail/system_error.hpp"

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace steward {
namespace {

result<std::string> read_boot_id() {
  auto text = detail::read_small_file("/proc/sys/kernel/random/boot_id");
  if (text) {
    while (!text->empty() && text->back() == '\n') text->pop_back();
  }
  return text;
}

}  // namespace

result<std::string> boot_id() {
  static const result<std::string> id = read_boot_id();
  return id;
}

result<std::uint64_t> start_time_of(pid_t pid) {
  const auto found = detail::read_proc_stat(pid);
  if (!found) return fail(found.error());
  return found->start_time;
}

result<detail::unique_fd> open_process(const process_identity& which) {
  const auto what = "process " + std::to_string(which.pid);
  const auto boot = boot_id();
  if (!boot) return fail(boot.error());
  if (*boot != which.boot_id) return detail::system_failure(ESRCH, what + ", of an earlier boot");
  // First the descriptor, then the look at the start time: what was compared is then what is held.
  detail::unique_fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, which.pid, 0)));
  const bool is_a_thread = !pidfd && (errno == EINVAL || errno == ENOENT);  // threads have their numbers from where processes have theirs
  if (is_a_thread) return detail::system_failure(ESRCH, what + ", whose number now belongs to a thread of another");
  if (!pidfd) return detail::system_failure(errno, what);
  const auto started = start_time_of(which.pid);
  if (!started) return fail(started.error());
  if (*started != which.start_time) return detail::system_failure(ESRCH, what + ", whose number now belongs to another");
  return pidfd;
}

}  // namespace steward
