// SPDX-License-Identifier: Apache-2.0
//
// This code runs between clone and exec, in the memory and the thread-local storage of a parent that waits for it. So it calls the kernel only, no
// library function that could hold a lock, and carries no instrumentation: a sanitizer would take its steps for those of the parent.
#include "spawn_child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#if defined(__clang__)
#define STEWARD_UNINSTRUMENTED __attribute__((disable_sanitizer_instrumentation, no_sanitize("undefined")))
#else
#define STEWARD_UNINSTRUMENTED __attribute__((no_sanitize_address, no_sanitize_thread, no_sanitize_undefined))
#endif

namespace steward::detail {
namespace {

/// The kernel's own, which is not that of the C library. All zero means: default, no flags, nothing masked.
struct kernel_sigaction {
  unsigned long words[4];
};

constexpr int last_signal = 64;
constexpr unsigned long kernel_sigset_size = 8;
constexpr unsigned of_our_own = 1U << 1U;     // CLOSE_RANGE_UNSHARE
constexpr unsigned close_on_exec = 1U << 2U;  // CLOSE_RANGE_CLOEXEC

STEWARD_UNINSTRUMENTED int give_up(child_plan& plan, launch_stage stage, const char* on = "") noexcept {
  plan.failed_stage = stage;
  plan.failed_on = on;
  plan.failed_with = errno;
  return 127;
}

/// Handlers are the parent's and must not run here, so this comes before any signal is let through; ignored ones would stay so through exec.
STEWARD_UNINSTRUMENTED void reset_signals() noexcept {
  const kernel_sigaction defaults{};
  for (int signal = 1; signal <= last_signal; ++signal) ::syscall(SYS_rt_sigaction, signal, &defaults, nullptr, kernel_sigset_size);
  const unsigned long nothing = 0;
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &nothing, nullptr, kernel_sigset_size);
}

/// Its start time must be read here: the parent would have to wait until the kernel has finished the exec, and on a busy machine that takes a while.
STEWARD_UNINSTRUMENTED bool read_own_stat(child_plan& plan) noexcept {
  const long file = ::syscall(SYS_openat, AT_FDCWD, "/proc/self/stat", O_RDONLY, 0);
  if (file < 0 || ::syscall(SYS_read, file, plan.stat, sizeof plan.stat - 1) < 0) return false;
  ::syscall(SYS_close, file);
  return true;
}

}  // namespace

STEWARD_UNINSTRUMENTED int run_child(void* given) noexcept {
  auto& plan = *static_cast<child_plan*>(given);
  // Until here the descriptors are the parent's own. Copying them with all those above the pipe's, only to close them again, would make a start of
  // one who holds thousands of programs twice as long.
  if (::syscall(SYS_close_range, static_cast<unsigned>(plan.output) + 1U, ~0U, of_our_own) != 0) {
    return give_up(plan, launch_stage::limits, "a table of descriptors");
  }
  // Neither can fail: a process just made leads no group.
  if (plan.own_session)
    ::syscall(SYS_setsid);
  else
    ::syscall(SYS_setpgid, 0, 0);
  if (!read_own_stat(plan)) return give_up(plan, launch_stage::limits, "/proc/self/stat");
  if (::syscall(SYS_chdir, plan.directory) != 0) return give_up(plan, launch_stage::directory);
  const long null = ::syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY, 0);
  if (null < 0) return give_up(plan, launch_stage::limits, "/dev/null");
  if (null != 0) {  // it is 0 at once when the parent's stdin is closed
    ::syscall(SYS_dup3, null, 0, 0);
    ::syscall(SYS_close, null);
  }
  for (int stream = 1; stream <= 2; ++stream) {
    if (::syscall(SYS_dup3, plan.output, stream, 0) < 0) return give_up(plan, launch_stage::limits, "stdout and stderr");
  }
  ::syscall(SYS_close_range, 3U, ~0U, close_on_exec);
  if (plan.set_open_files && ::syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, &plan.open_files, nullptr) != 0) {
    return give_up(plan, launch_stage::limits, "open files");
  }
  reset_signals();
  ::syscall(SYS_execve, plan.path, plan.arguments, plan.environment);
  return give_up(plan, launch_stage::exec);
}

}  // namespace steward::detail
