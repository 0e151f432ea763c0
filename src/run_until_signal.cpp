// SPDX-License-Identifier: Apache-2.0
#include "steward/run_until_signal.hpp"

#include "steward/exit_codes.hpp"
#include "steward/run_loop.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace steward {
namespace {

// Handlers and not a blocked mask: programs that are started from here would inherit the mask, and threads that are older than it would not have it.
// The pipe is never closed: a handler that began before it was taken away may still write to it.
constinit std::array<int, 2> pipe_ends{-1, -1};
constinit pid_t pipe_owner = 0;
constinit std::atomic<pid_t> listening{0};  // the process whose run listens: a child that has not executed its program yet is not meant
constexpr char signalled = 's';
constexpr char quit = 'q';

static_assert(std::atomic<pid_t>::is_always_lock_free, "signal handlers use it");

// False: it is full of signals that nobody has read yet.
bool tell(char what) noexcept { return ::write(pipe_ends[1], &what, 1) == 1; }

extern "C" void steward_on_signal(int) {
  const int before = errno;
  if (listening.load(std::memory_order_relaxed) == ::getpid()) (void)tell(signalled);
  errno = before;
}

void print(const std::string& text) noexcept {
  // Not through stdio: a thread that does not end may hold its lock.
  for (std::size_t done = 0; done < text.size();) {
    const auto wrote = ::write(STDERR_FILENO, text.data() + done, text.size() - done);
    if (wrote > 0) done += static_cast<std::size_t>(wrote);
    if (wrote == -1 && errno != EINTR) return;
  }
}

/// Takes SIGINT and SIGTERM over, and hands each to a program on a thread of its own, as its lock cannot be taken in a handler.
class signal_watch {
 public:
  signal_watch() {
    pid_t nobody = 0;
    const pid_t me = ::getpid();
    if (!listening.compare_exchange_strong(nobody, me) && nobody == me) throw std::system_error(EBUSY, std::generic_category(), "run_until_signal");
    listening.store(me);
    try {
      open_pipe();
    } catch (...) {
      listening.store(0);
      throw;
    }
    struct sigaction action{};
    action.sa_handler = &steward_on_signal;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    for (std::size_t i = 0; i < signals.size(); ++i) ::sigaction(signals[i], &action, &before_[i]);
  }

  ~signal_watch() {
    for (std::size_t i = 0; i < signals.size(); ++i) ::sigaction(signals[i], &before_[i], nullptr);
    listening.store(0);
    if (!thread_.joinable()) return;
    while (!tell(quit)) std::this_thread::yield();
    thread_.join();
  }

  void hand_to(service& app) {
    thread_ = std::thread([&app] {
      char what = 0;
      for (;;) {
        const auto got = ::read(pipe_ends[0], &what, 1);
        if (got == 1 && what == quit) return;
        if (got == 1) app.request_stop();
      }
    });
  }

 private:
  static constexpr std::array<int, 2> signals{SIGINT, SIGTERM};

  static void open_pipe() {
    if (pipe_owner == ::getpid()) {
      throw_leftovers_away();
      return;
    }
    // A forked child has its parent's, and makes its own.
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) == -1) throw std::system_error(errno, std::generic_category(), "pipe2");
    ::fcntl(ends[1], F_SETFL, O_NONBLOCK);
    pipe_ends = ends;
    pipe_owner = ::getpid();
  }

  static void throw_leftovers_away() noexcept {
    pollfd waiting{.fd = pipe_ends[0], .events = POLLIN, .revents = 0};
    char what = 0;
    while (::poll(&waiting, 1, 0) == 1 && ::read(pipe_ends[0], &what, 1) == 1) {
    }
  }

  std::array<struct sigaction, 2> before_{};
  std::thread thread_;
};

std::string report(const std::string& name, const error& why) {
  std::string text = name + ": " + why.to_string() + '\n';
  const std::string tree = why.to_tree();
  // A line that ends in a colon only leads to the next.
  std::size_t causes = 0;
  for (std::size_t at = tree.find('\n'); at != std::string::npos; at = tree.find('\n', at + 1)) causes += at > 0 && tree[at - 1] != ':' ? 1 : 0;
  if (causes > 1) text += tree;
  return text;
}

std::string report(const std::string& name, const service_end& end) {
  std::string text = name + ": " + end.outcome.error().to_string() + "; still running:";
  for (const straggler& each : end.left)
    if (each.innermost) text += ' ' + each.path;
  return text + '\n';
}

}  // namespace

int run_until_signal(runnable what, const service_options& options) try {
  signal_watch signals;
  run_loop loop;
  std::string name;
  service app(loop, std::move(what), options, [&loop, &name](const service_end& end) {
    if (end.code == exit_codes::stragglers) {
      print(report(name, end));
      ::_exit(end.code);
    }
    loop.finish();
  });
  name = app.name();
  signals.hand_to(app);
  app.launch();
  loop.run();
  while (loop.run_ready() > 0) {
  }
  const service_end end = app.wait();
  if (!end.outcome) print(report(name, end.outcome.error()));
  return end.code;
} catch (const std::system_error& why) {
  print("run_until_signal: " + std::string(why.what()) + '\n');
  return exit_codes::failed;
}

}  // namespace steward
