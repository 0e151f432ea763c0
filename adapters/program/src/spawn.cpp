// SPDX-License-Identifier: Apache-2.0
#include "steward/program/spawn.hpp"

#include "spawn_child.hpp"
#include "steward/program/detail/proc_stat.hpp"
#include "steward/program/detail/system_error.hpp"
#include "steward/program/open_files.hpp"
#include "steward/program/process_group.hpp"
#include "wait_child.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#if defined(__GLIBC__)
// The name of the C library's own: ThreadSanitizer puts a wrapper around `clone` that takes every use of it for a fork, which this is not.
extern "C" int __clone(int (*function)(void*), void* stack, int flags, void* argument, ...);  // NOLINT(readability-identifier-naming)
#else
#define __clone clone
#endif

namespace steward {
namespace {

struct output_pipe {
  detail::unique_fd read;
  detail::unique_fd write;
  std::size_t capacity = 0;
};

std::string stage(launch_stage which) { return std::string(to_string(which)); }

std::unexpected<error> no_room(int number, const char* what) { return detail::system_failure(number, stage(launch_stage::limits) + ": " + what); }

/// Asks for less and less until the system's limits allow it, and says what it came to.
std::size_t enlarge(int pipe, std::size_t wanted) noexcept {
  constexpr std::size_t usual = std::size_t{64} << 10U;
  for (auto size = wanted; size > usual; size /= 2)
    if (const int got = ::fcntl(pipe, F_SETPIPE_SZ, size); got >= 0) return static_cast<std::size_t>(got);
  const int got = ::fcntl(pipe, F_GETPIPE_SZ);
  return got < 0 ? 0 : static_cast<std::size_t>(got);
}

result<output_pipe> make_output_pipe(std::size_t wanted) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return no_room(errno, "output pipe");
  output_pipe made{.read = detail::unique_fd(ends[0]), .write = detail::unique_fd(ends[1])};
  ::fcntl(made.read.get(), F_SETFL, O_NONBLOCK);  // of the end to read alone: the child's writes may wait
  made.capacity = enlarge(made.read.get(), wanted);
  if (made.write.get() <= STDERR_FILENO) {  // would be in the child's way; possible when this process has no stdin, stdout or stderr
    made.write = made.write.duplicate();
    if (!made.write) return no_room(errno, "output pipe");
  }
  return made;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  all.reserve(texts.size() + 1);
  for (const auto& text : texts) all.push_back(const_cast<char*>(text.c_str()));  // NOLINT(cppcoreguidelines-pro-type-const-cast): execve's type
  all.push_back(nullptr);
  return all;
}

struct cloned {
  pid_t pid = -1;
  int pidfd = -1;
  int failure = 0;
};

/// Runs `run_child` in a new process that borrows this one's memory until it has executed a program or ended.
cloned clone_child(detail::child_plan& plan) noexcept {
  constexpr std::size_t kernel_sigset_size = 8;
  constexpr std::size_t stack_size = std::size_t{16} << 10U;  // the child's frames need less than 1 KiB
  alignas(16) unsigned char stack[stack_size];
  // No handler of this process may run in the child, not even those that the C library keeps to itself, so the kernel is asked directly.
  const unsigned long all = ~0UL;
  unsigned long before = 0;
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, kernel_sigset_size);
  cloned made;
  made.pid = __clone(detail::run_child, stack + stack_size, CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_PIDFD | SIGCHLD, &plan, &made.pidfd);
  made.failure = made.pid < 0 ? errno : 0;
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, nullptr, kernel_sigset_size);
  return made;
}

/// Moves what is held for long above what comes and goes: a child copies the descriptors below its pipe's. See `run_child`.
detail::unique_fd put_aside(detail::unique_fd fd) noexcept {
  constexpr int aside = 256;
  const int moved = ::fcntl(fd.get(), F_DUPFD_CLOEXEC, aside);
  return moved < 0 ? std::move(fd) : detail::unique_fd(moved);
}

error failure_of(const launch& what, const detail::child_plan& plan) {
  const auto name = stage(plan.failed_stage);
  if (plan.failed_stage == launch_stage::limits) return detail::system_error(plan.failed_with, name + ": " + plan.failed_on);
  if (plan.failed_stage == launch_stage::directory) return detail::system_error(plan.failed_with, name + " " + what.directory);
  const auto text = name + " " + what.path;
  const std::error_code code(plan.failed_with, std::generic_category());
  const auto file = what.path.starts_with('/') ? what.path : what.directory + "/" + what.path;
  struct stat about{};
  if (plan.failed_with == ENOENT && ::stat(file.c_str(), &about) == 0) {
    return {code, text + ": the interpreter or loader that it names is not there"};
  }
  if (plan.failed_with == ENOEXEC) return {code, text + ": neither a program for this machine nor a script with a `#!` line"};
  return detail::system_error(plan.failed_with, text);
}

result<> plan_limits(const spawn_options& options, detail::child_plan& plan) {
  const auto wanted = options.open_files ? options.open_files : open_files_before();
  if (!wanted) return {};
  rlimit now{};
  if (::getrlimit(RLIMIT_NOFILE, &now) != 0) return no_room(errno, "open files");
  plan.set_open_files = true;
  plan.open_files[0] = *wanted;
  plan.open_files[1] = now.rlim_max;
  return {};
}

}  // namespace

result<child> spawn(const launch& what, const spawn_options& options) {
  auto pipe = make_output_pipe(options.output_capacity);
  if (!pipe) return fail(pipe.error());
  const auto arguments = pointers(what.arguments);
  const auto environment = pointers(what.environment);
  detail::child_plan plan{.path = what.path.c_str(), .arguments = arguments.data(), .environment = environment.data()};
  plan.directory = what.directory.c_str();
  plan.output = pipe->write.get();
  plan.own_session = options.own_session;
  if (auto planned = plan_limits(options, plan); !planned) return fail(planned.error());

  const auto made = clone_child(plan);
  if (made.failure != 0) return no_room(made.failure, "a further process");
  child started{.pid = made.pid, .start_time = 0, .pidfd = detail::unique_fd(made.pidfd), .output = std::move(pipe->read)};
  started.output_capacity = pipe->capacity;
  if (plan.failed_with != 0) {
    (void)detail::wait_child(made.pidfd, nullptr);
    return fail(failure_of(what, plan));
  }
  const auto stat = detail::parse_proc_stat(plan.stat);
  if (!stat) {  // without its start time nobody could be sure of this process later
    (void)signal_group({.pidfd = made.pidfd, .pid = made.pid}, SIGKILL);
    (void)detail::wait_child(made.pidfd, nullptr);
    return fail(error(stage(launch_stage::limits) + ": unexpected content of /proc/self/stat"));
  }
  started.start_time = stat->start_time;
  started.pidfd = put_aside(std::move(started.pidfd));
  started.output = put_aside(std::move(started.output));
  return started;
}

result<child> spawn(const program_spec& spec, const spawn_options& options) {
  const auto ready = prepare(spec);
  if (!ready) return fail(ready.error());
  return spawn(*ready, options);
}

}  // namespace steward
