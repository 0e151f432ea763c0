// SPDX-License-Identifier: Apache-2.0
//
// Programs of their own, which are sent real signals. They tell what happens through a pipe, so that nobody waits for a time.
#include "steward/run_until_signal.hpp"

#include "steward/leaf.hpp"
#include "steward/named.hpp"
#include "steward/parallel.hpp"
#include "steward/wait.hpp"
#include "support.hpp"

#include <gmock/gmock.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <functional>

namespace steward {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// How a program tells the test what happens.
class teller {
 public:
  explicit teller(int fd) noexcept : fd_(fd) {}
  void operator()(char what) const noexcept { EXPECT_EQ(::write(fd_, &what, 1), 1); }

 private:
  int fd_;
};

/// A forked child that runs `body(tell)` and exits with what it returns.
class program {
 public:
  explicit program(const std::function<int(teller tell)>& body) {
    std::array<int, 2> events{};
    std::array<int, 2> errors{};
    if (::pipe(events.data()) != 0 || ::pipe(errors.data()) != 0) std::abort();
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(events[0]);
      ::dup2(errors[1], STDERR_FILENO);
      ::_exit(body(teller(events[1])));
    }
    ::close(events[1]);
    ::close(errors[1]);
    events_ = events[0];
    errors_ = errors[0];
  }
  ~program() {
    ::close(events_);
    ::close(errors_);
    if (!exited_) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }

  /// Waits for what the program tells next; zero if it has ended.
  char next() const {
    char what = 0;
    return ::read(events_, &what, 1) == 1 ? what : '\0';
  }

  void send(int signal) const { ::kill(pid_, signal); }

  /// Waits for its end, and returns its exit code; the signal, made negative, if one ended it.
  int exit_code() {
    std::array<char, 256> part{};
    for (ssize_t got = 0; (got = ::read(errors_, part.data(), part.size())) > 0;) stderr_.append(part.data(), static_cast<std::size_t>(got));
    int status = 0;
    ::waitpid(pid_, &status, 0);
    exited_ = true;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  /// What it wrote there.  Shape: after `exit_code`.
  [[nodiscard]] const std::string& errors() const noexcept { return stderr_; }

 private:
  pid_t pid_ = 0;
  int events_ = -1;
  int errors_ = -1;
  bool exited_ = false;
  std::string stderr_;
};

/// Tells `r` from inside the foreground, and `g` when it is asked to end.
runnable polite(teller tell) {
  const auto foreground = [tell](context& ctx) -> task<> {
    tell('r');
    co_return co_await ctx.stopped();
  };
  const auto graceful_stop = [tell](context&) -> task<> {
    tell('g');
    co_return {};
  };
  return named("http", leaf(foreground, graceful_stop));
}

/// Tells `r` when it is in use and `g` when it is asked to end, and ends only when it is forced.
runnable slow(teller tell) {
  const auto foreground = [tell](context& ctx) -> task<> {
    (void)co_await ctx.sleep_for(0ns);  // the callback has its turn first: a signal before it would end the start
    tell('r');
    (void)co_await ctx.stopped();
    co_return {};
  };
  const auto graceful_stop = [tell](context& ctx) -> task<> {
    tell('g');
    (void)co_await ctx.stopped();
    co_return {};
  };
  return named("http", leaf(foreground, graceful_stop));
}

/// Never ends.
runnable deaf(teller tell) {
  return named("http", [tell](context& ctx, callback ready) -> task<> {
    tell('r');
    (void)co_await ready(ctx);
    root_context never(ctx.scheduler());
    (void)co_await never.stopped();
    co_return {};
  });
}

class RunUntilSignalOf : public ::testing::TestWithParam<int> {};

TEST_P(RunUntilSignalOf, E4_OneSignalIsAGracefulEndAndACorrectProgramSucceeds) {
  program app([](teller tell) { return run_until_signal(polite(tell), named_app()); });
  EXPECT_EQ(app.next(), 'r');
  app.send(GetParam());
  EXPECT_EQ(app.next(), 'g');
  EXPECT_EQ(app.exit_code(), 0);
  EXPECT_EQ(app.errors(), "");
}

INSTANTIATE_TEST_SUITE_P(Both, RunUntilSignalOf, ::testing::Values(SIGINT, SIGTERM),
                         [](const auto& of) { return std::string(of.param == SIGINT ? "SIGINT" : "SIGTERM"); });

TEST(RunUntilSignal, SecondSignalForces) {
  program app([](teller tell) { return run_until_signal(slow(tell), named_app()); });
  EXPECT_EQ(app.next(), 'r');
  app.send(SIGTERM);
  EXPECT_EQ(app.next(), 'g');
  app.send(SIGTERM);
  EXPECT_EQ(app.exit_code(), 1);
  EXPECT_EQ(app.errors(), "app: forced: asked to stop a second time\n");
}

TEST(RunUntilSignal, DeadlineForcesLikeASecondSignal) {
  program app([](teller tell) { return run_until_signal(slow(tell), named_app(1ms)); });
  EXPECT_EQ(app.next(), 'r');
  app.send(SIGTERM);
  EXPECT_EQ(app.exit_code(), 1);
  EXPECT_EQ(app.errors(), "app: forced: not stopped within 1ms\n");
}

TEST(RunUntilSignal, WhoCannotBeForcedIsNamedAndLeftBehindWithCode3) {
  program app([](teller tell) {
    const auto never_destroyed = std::shared_ptr<int>(new int(0), [tell](int* held) {
      tell('d');
      delete held;
    });
    return run_until_signal(parallel(polite(tell), deaf(tell)), named_app(1ms, 1ms));
  });
  EXPECT_EQ(app.next(), 'r');
  EXPECT_EQ(app.next(), 'r');
  app.send(SIGTERM);
  EXPECT_EQ(app.exit_code(), 3);
  EXPECT_THAT(app.errors(), HasSubstr("app: given up: has not ended within 1ms of being forced; still running: app/http"));
  for (char what = app.next(); what != 0; what = app.next()) EXPECT_NE(what, 'd') << "no destructor runs";
}

TEST(RunUntilSignal, WhoBlocksTheLoopIsLeftBehindToo) {
  program app([](teller tell) {
    const auto blocks = [tell](context& ctx, callback ready) -> task<> {
      tell('r');
      (void)co_await ready(ctx);
      for (;;) ::pause();
      co_return {};
    };
    return run_until_signal(named("http", blocks), named_app(1ms, 1ms));
  });
  EXPECT_EQ(app.next(), 'r');
  app.send(SIGTERM);
  EXPECT_EQ(app.exit_code(), 3);
  EXPECT_THAT(app.errors(), HasSubstr("still running: app/http\n"));
}

TEST(RunUntilSignal, SignalWhileStartingEndsItWithSuccess) {
  program app([](teller tell) {
    const auto starts = [tell](context& ctx, callback) -> task<> {
      tell('s');
      co_return co_await ctx.stopped();
    };
    return run_until_signal(named("http", starts), named_app());
  });
  EXPECT_EQ(app.next(), 's');
  app.send(SIGTERM);
  EXPECT_EQ(app.exit_code(), 0);
}

TEST(RunUntilSignal, RequestFromInsideEndsItGracefullyWithItsCause) {
  program app([](teller tell) {
    const auto foreground = [](context& ctx) -> task<> {
      ctx.request_stop(error("licence expired"));
      (void)co_await ctx.stopped();
      co_return {};
    };
    return run_until_signal(parallel(polite(tell), leaf(foreground)), named_app());
  });
  EXPECT_EQ(app.exit_code(), 1);
  EXPECT_EQ(app.errors(), "app: licence expired\n");
  EXPECT_EQ(app.next(), 'r');
  EXPECT_EQ(app.next(), 'g');
}

TEST(RunUntilSignal, FailureIsOneLineAndTheTreeWhenThereIsMoreThanOneCause) {
  program one([](teller) {
    const auto fails = [](context&, callback) -> task<> { co_return error("no port"); };
    return run_until_signal(named("http", fails), named_app());
  });
  EXPECT_EQ(one.exit_code(), 1);
  EXPECT_EQ(one.errors(), "app: http: no port\n");

  program two([](teller) {
    const auto fails = [](context&, callback) -> task<> { co_return error("no port"); };
    return run_until_signal(parallel(named("http", fails), named("grpc", fails)), named_app());
  });
  EXPECT_EQ(two.exit_code(), 1);
  EXPECT_EQ(two.errors(), "app: http: no port; grpc: no port\nhttp:\n  no port\ngrpc:\n  no port\n");
}

TEST(RunUntilSignal, R10_SuccessWithoutBeingReadyIsAFailure) {
  program app([](teller) {
    const auto forgets = [](context&, callback) -> task<> { co_return {}; };
    return run_until_signal(forgets, named_app());
  });
  EXPECT_EQ(app.exit_code(), 1);
  EXPECT_THAT(app.errors(), HasSubstr("app: "));
}

TEST(RunUntilSignal, HandlersArePutBackAndItRunsAgain) {
  program app([](teller tell) {
    const auto foreground = [](context&) -> task<> { co_return {}; };
    for (int i = 0; i < 2; ++i)
      if (run_until_signal(leaf(foreground), named_app()) != 0) return 10;
    struct sigaction now{};
    ::sigaction(SIGTERM, nullptr, &now);
    tell('e');
    return now.sa_handler == SIG_DFL ? 0 : 11;
  });
  EXPECT_EQ(app.next(), 'e');
  EXPECT_EQ(app.exit_code(), 0);
}

TEST(RunUntilSignal, ForkedChildThatHasNotExecutedItsProgramYetIsNotMeant) {
  program app([](teller tell) {
    const auto forks = [tell](context& ctx, callback ready) -> task<> {
      const pid_t child = ::fork();
      if (child == 0) {
        ::kill(::getpid(), SIGTERM);
        ::_exit(0);
      }
      int status = 0;
      ::waitpid(child, &status, 0);
      tell(status == 0 ? 'c' : 'x');
      const auto outcome = co_await ready(ctx);
      tell('g');
      co_return outcome;
    };
    return run_until_signal(forks, named_app());
  });
  EXPECT_EQ(app.next(), 'c');
  app.send(SIGTERM);
  EXPECT_EQ(app.next(), 'g');
  EXPECT_EQ(app.exit_code(), 0) << "one signal, not two";
}

TEST(RunUntilSignal, SecondRunAtTheSameTimeIsRefused) {
  program app([](teller tell) {
    const auto runs_another = [tell](context& ctx, callback ready) -> task<> {
      int code = -1;
      std::thread([&code] { code = run_until_signal(nop(), named_app()); }).join();
      tell(code == 1 ? 'y' : 'n');
      co_return co_await ready(ctx);
    };
    return run_until_signal(runs_another, named_app());
  });
  EXPECT_EQ(app.next(), 'y');
  app.send(SIGTERM);
  EXPECT_EQ(app.exit_code(), 0);
  EXPECT_THAT(app.errors(), HasSubstr("run_until_signal: "));
}

}  // namespace
}  // namespace steward
