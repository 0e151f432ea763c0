// SPDX-License-Identifier: Apache-2.0
#include "steward/program/keeper.hpp"

#include "keeper_server.hpp"
#include "keeper_socket.hpp"
#include "steward/program/detail/system_error.hpp"
#include "steward/program/open_files.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <string_view>

namespace steward {
namespace {

/// Leaves the caller's process behind, so that nobody has to wait for this one. A session of its own again: the first one died with its leader.
/// Shape: the caller's process ends with 0 when a byte is written into what comes back, with 1 when that is closed without.
result<detail::unique_fd> detach() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return detail::system_failure(errno, "keeper");
  const detail::unique_fd outcome(ends[0]);
  detail::unique_fd ready(ends[1]);
  const auto child = ::fork();
  if (child < 0) return detail::system_failure(errno, "the keeper needs one process more than there may be (ulimit -u, LimitNPROC=, TasksMax=)");
  if (child > 0) {
    ready.reset();
    char byte = 0;
    ::_exit(::read(outcome.get(), &byte, 1) == 1 ? 0 : 1);
  }
  ::setsid();
  return ready;
}

/// Tells whoever started us, if he is still there.
void say(int fd, std::string_view text) noexcept {
  const auto ignored = ::write(fd, text.data(), text.size());
  (void)ignored;
}

/// SIGCHLD and SIGTERM are read from the descriptor; what a terminal or a broken pipe sends means nothing here.
detail::unique_fd take_signals() noexcept {
  for (const int ignored : {SIGINT, SIGHUP, SIGQUIT, SIGPIPE, SIGUSR1, SIGUSR2}) ::signal(ignored, SIG_IGN);
  ::signal(SIGCHLD, SIG_DFL);  // ignored, the kernel would reap in our place
  sigset_t read;
  sigemptyset(&read);
  sigaddset(&read, SIGCHLD);
  sigaddset(&read, SIGTERM);
  ::pthread_sigmask(SIG_SETMASK, &read, nullptr);
  return detail::unique_fd(::signalfd(-1, &read, SFD_CLOEXEC | SFD_NONBLOCK));
}

/// From here on nothing of the caller's surroundings is held: no stream, no other descriptor, no folder.
void let_go_of_streams() noexcept {
  const detail::unique_fd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  if (!null) return;
  for (int stream = 0; stream <= 2; ++stream) ::dup2(null.get(), stream);
}

struct prepared {
  detail::unique_fd ready;  // of `detach`; empty without
  detail::unique_fd epoll;
  detail::unique_fd signals;
  detail::unique_fd listener;
};

result<prepared> prepare_keeper(const keeper_options& options) {
  ::syscall(SYS_close_range, 3U, ~0U, 0U);
  prepared made;
  if (options.detach) {
    auto ready = detach();
    if (!ready) return fail(ready.error());
    made.ready = std::move(*ready);
  }
  ::prctl(PR_SET_NAME, "steward-keeper");
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // orphans of our children come to us, so that groups get empty also where pid 1 does not reap
  made.signals = take_signals();
  made.epoll = detail::unique_fd(::epoll_create1(EPOLL_CLOEXEC));
  if (!made.signals || !made.epoll) return detail::system_failure(errno, "keeper");
  auto listener = detail::claim_socket(options.socket);
  if (!listener) return fail(listener.error());
  made.listener = std::move(*listener);
  if (options.detach && ::chdir("/") != 0) return detail::system_failure(errno, "/");
  return made;
}

}  // namespace

int run_keeper(const keeper_options& options) {
  auto made = prepare_keeper(options);
  if (!made) {
    const bool taken = made.error().is(std::make_error_code(std::errc::address_in_use));
    say(STDOUT_FILENO, taken ? "taken\n" : made.error().to_string() + "\n");
    return 1;
  }
  raise_open_files();
  detail::keeper_server server(std::move(made->epoll), std::move(made->listener), std::move(made->signals));
  say(STDOUT_FILENO, "ready\n");
  if (made->ready) say(made->ready.get(), "!");
  made->ready.reset();
  let_go_of_streams();
  server.run();
  detail::give_up_socket(options.socket);
  return 0;
}

int keeper_main(std::span<char* const> arguments) {
  keeper_options options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view name = arguments[i];
    if (name == "--detach") {
      options.detach = true;
      continue;
    }
    const auto value = i + 1 < arguments.size() ? std::string_view(arguments[++i]) : std::string_view();
    if (name == "--socket" && value.starts_with('/')) {
      options.socket = value;
    } else {
      options.socket.clear();
      break;
    }
  }
  if (options.socket.empty()) {
    std::fputs("usage: keeper --socket /ABSOLUTE/PATH [--detach]\n", stderr);
    return 2;
  }
  return run_keeper(options);
}

}  // namespace steward
