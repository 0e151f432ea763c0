// SPDX-License-Identifier: Apache-2.0
#include "steward/program/keeper.hpp"

#include "keeper_client.hpp"
#include "steward/program/detail/proc_stat.hpp"
#include "steward/program/identity.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>
#include <sstream>
#include <thread>

namespace steward {
namespace {

using detail::held_phase;
using test::keeper_client;
using test::shell;
using test::temporary_folder;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Keeper : public ::testing::Test {
 protected:
  /// A test that failed half-way leaves no keeper and no program behind.
  void TearDown() override {
    if (!HasFailure()) return;
    if (auto link = connect_keeper(socket())) keeper_client(std::move(*link)).clean_up();
  }

  [[nodiscard]] std::string socket() const { return folder_ / "keeper.sock"; }
  [[nodiscard]] keeper_client connect() const { return keeper_client::connect_or_start(socket()); }

  /// Runs `f` with a client in a process of its own that is then killed with SIGKILL.
  template <class F>
  void in_a_daemon_that_is_killed(F f) const {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const pid_t daemon = ::fork();
    ASSERT_GE(daemon, 0);
    if (daemon == 0) {
      auto client = connect();
      f(client);
      (void)::write(ends[1], "x", 1);
      for (;;) ::pause();
    }
    ::close(ends[1]);
    char byte = 0;
    EXPECT_EQ(::read(ends[0], &byte, 1), 1);
    ::close(ends[0]);
    ::kill(daemon, SIGKILL);
    int status = 0;
    EXPECT_EQ(::waitpid(daemon, &status, 0), daemon);
  }

  temporary_folder folder_;
};

TEST_F(Keeper, StartsAProgramAndReportsItsEndOnce) {
  auto client = connect();
  const auto child = client.spawn("web", shell("echo hello; exit 3"), "a note");
  ASSERT_TRUE(child) << child.error().to_string();
  EXPECT_EQ(child->what.key, "web");
  EXPECT_EQ(child->what.note, "a note");
  EXPECT_GT(child->what.started_at, 0);
  EXPECT_EQ(test::read_all(child->output.get()), "hello\n");
  EXPECT_EQ(client.wait_gone(child->what.child).to_string(), "exited with code 3");
  EXPECT_EQ(client.reports().at(child->what.child).size(), 1U);
  EXPECT_GE(client.reports().at(child->what.child).back().ended_at, child->what.started_at);
  EXPECT_TRUE(client.list().empty());
  client.clean_up();
}

TEST_F(Keeper, NamesTheStageOfAFailedStart) {
  auto client = connect();
  const auto missing = client.spawn("web", {.command = {"/nonexistent/foo"}, .directory = {}, .environment = {}});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().to_string(), "exec /nonexistent/foo: No such file or directory");
  EXPECT_TRUE(missing.error().is(std::make_error_code(std::errc::no_such_file_or_directory)));
  auto spec = shell("true");
  spec.directory = "/nonexistent";
  EXPECT_EQ(client.spawn("web", spec).error().to_string(), "directory /nonexistent: No such file or directory");
  EXPECT_TRUE(client.list().empty());
  client.clean_up();
}

TEST_F(Keeper, NeverHoldsTwoLivingChildrenOfOneKey) {
  auto client = connect();
  const auto first = client.spawn("web", shell("sleep 1000 & echo up; exec sleep 1000"));
  ASSERT_TRUE(first) << first.error().to_string();
  EXPECT_EQ(test::read_until(first->output.get(), "\n"), "up\n");
  const auto second = client.spawn("web", shell("true"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().to_string(), "web: process " + std::to_string(first->what.pid) + " or its group still lives");
  // Also while only the rest of its group lives.
  ASSERT_TRUE(client.signal(first->what.child, SIGKILL, false));
  ASSERT_TRUE(test::wait_readable(first->pidfd.get()));
  EXPECT_FALSE(client.spawn("web", shell("true")));
  ASSERT_TRUE(client.signal(first->what.child, SIGKILL, true));
  EXPECT_EQ(client.wait_gone(first->what.child).signal, SIGKILL);
  EXPECT_TRUE(client.spawn("web", shell("true")));
  client.clean_up();
}

TEST_F(Keeper, AGroupThatOutlivesItsLeaderIsReportedAndThenGone) {
  auto client = connect();
  const auto child = client.spawn("web", shell("sleep 1000 & echo $!"));
  ASSERT_TRUE(child) << child.error().to_string();
  const auto member = static_cast<pid_t>(std::stol(test::read_until(child->output.get(), "\n")));
  ASSERT_TRUE(test::wait_readable(client.fd()));
  EXPECT_FALSE(client.forget(child->what.child)) << "not gone yet";
  const auto seen = client.reports().at(child->what.child);
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].phase, held_phase::exited);
  EXPECT_EQ(seen[0].status, program_exit());
  // It ends by itself, or is killed by somebody else: nobody tells the keeper but the system, because the orphan is its child now.
  ::kill(member, SIGTERM);
  EXPECT_TRUE(client.wait_gone(child->what.child).success());
  EXPECT_EQ(client.reports().at(child->what.child).size(), 2U);
  client.clean_up();
}

TEST_F(Keeper, WaitsWithoutABusyLoopForAChildWhoseEndADebuggerHasFirst) {
  auto client = connect();
  const auto child = client.spawn("web", shell("echo up; exec sleep 1000"));
  ASSERT_TRUE(child) << child.error().to_string();
  EXPECT_EQ(test::read_until(child->output.get(), "\n"), "up\n");
  if (::ptrace(PTRACE_SEIZE, child->what.pid, nullptr, nullptr) != 0) {
    client.clean_up();
    GTEST_SKIP() << "this system lets nobody trace a process that is not its child";
  }
  ASSERT_EQ(::kill(child->what.pid, SIGKILL), 0);
  ASSERT_TRUE(test::wait_readable(child->pidfd.get()));
  const auto nanoseconds_of_keeper = [&] {
    long used = 0;
    std::ifstream("/proc/" + std::to_string(client.keeper()) + "/schedstat") >> used;
    return used;
  };
  const long before = nanoseconds_of_keeper();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_LT(nanoseconds_of_keeper() - before, 20'000'000);
  EXPECT_TRUE(client.reports().empty());
  EXPECT_EQ(::waitpid(child->what.pid, nullptr, __WALL), child->what.pid);
  EXPECT_EQ(client.wait_gone(child->what.child).signal, SIGKILL);
  client.clean_up();
}

TEST_F(Keeper, SignalsTheLeaderOrTheGroup) {
  auto client = connect();
  const auto child = client.spawn("web", shell("trap 'echo usr1' USR1; (trap 'echo member' USR1; echo up; while :; do sleep 0.01; done) & "
                                               "echo up; while :; do sleep 0.01; done"));
  ASSERT_TRUE(child) << child.error().to_string();
  auto seen = test::read_until(child->output.get(), "up\nup\n");
  EXPECT_TRUE(client.signal(child->what.child, SIGUSR1, false));
  seen = test::read_until(child->output.get(), "\n");
  EXPECT_EQ(seen, "usr1\n");
  EXPECT_TRUE(client.signal(child->what.child, SIGUSR1, true));
  seen = test::read_until(child->output.get(), "member\n");
  EXPECT_TRUE(client.signal(child->what.child, SIGKILL, true));
  EXPECT_EQ(client.wait_gone(child->what.child).signal, SIGKILL);
  EXPECT_FALSE(client.signal(child->what.child, SIGTERM, true)) << "it was forgotten";
  EXPECT_FALSE(client.signal(12345, SIGTERM, true));
  client.clean_up();
}

TEST_F(Keeper, AHundredChildrenSurviveTheDeathOfTheDaemon) {
  constexpr int count = 100;
  std::vector<pid_t> pids(count);
  const auto file = folder_ / "pids";
  in_a_daemon_that_is_killed([&](keeper_client& client) {
    std::ofstream out(file);
    for (int i = 0; i < count; ++i) {
      const auto child = client.spawn("unit" + std::to_string(i), shell("exec sleep 1000"), "note " + std::to_string(i));
      out << (child ? child->what.pid : 0) << '\n';
    }
  });
  std::ifstream in(file);
  for (auto& pid : pids) in >> pid;

  auto client = connect();
  const auto children = client.list();
  ASSERT_EQ(children.size(), std::size_t{count});
  for (int i = 0; i < count; ++i) {
    const auto& child = children.at(static_cast<std::size_t>(i));
    EXPECT_EQ(child.what.key, "unit" + std::to_string(i));
    EXPECT_EQ(child.what.note, "note " + std::to_string(i));
    EXPECT_EQ(child.what.pid, pids.at(static_cast<std::size_t>(i)));
    EXPECT_EQ(child.what.state.phase, held_phase::running);
    EXPECT_EQ(start_time_of(child.what.pid), child.what.start_time);
    // The descriptor that came along means that very process.
    EXPECT_EQ(::syscall(SYS_pidfd_send_signal, child.pidfd.get(), 0, nullptr, 0), 0);
  }
  client.clean_up();
}

TEST_F(Keeper, EndsAndOutputWhileNoDaemonIsThereAreKeptUntilForgotten) {
  const auto go = folder_ / "go";
  ASSERT_EQ(::mkfifo(go.c_str(), 0600), 0);
  in_a_daemon_that_is_killed([&](keeper_client& client) {
    // Both read the fifo; nothing is written into it before this daemon is dead.
    EXPECT_TRUE(client.spawn("ends", shell("cat " + go + "; head -c 50000 /dev/zero | tr '\\0' x; echo last; exit 7")));
    EXPECT_TRUE(client.spawn("stays", shell("echo first; exec sleep 1000")));
  });
  {
    const detail::unique_fd writer(::open(go.c_str(), O_WRONLY | O_CLOEXEC));
    ASSERT_TRUE(writer);
  }
  auto client = connect();
  const auto children = client.list();
  ASSERT_EQ(children.size(), 2U);
  auto ended = children[0].what.state;
  if (ended.phase != held_phase::gone) {
    EXPECT_EQ(client.wait_gone(children[0].what.child).code, 7);
  } else {
    EXPECT_EQ(ended.status, (program_exit{.code = 7, .signal = 0}));
    EXPECT_EQ(client.list().size(), 2U) << "kept until it is forgotten";
    EXPECT_TRUE(client.forget(children[0].what.child));
  }
  EXPECT_EQ(client.list().size(), 1U);
  EXPECT_EQ(test::read_all(children[0].output.get()), std::string(50000, 'x') + "last\n");
  EXPECT_EQ(test::read_until(children[1].output.get(), "\n"), "first\n");
  client.clean_up();
}

TEST_F(Keeper, ASecondDaemonIsRefusedAndTheFirstNotDisturbed) {
  auto first = connect();
  const auto second = connect_or_start_keeper(socket(), test::self());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().to_string(), socket() + ": the keeper serves another daemon, process " + std::to_string(::getpid()));
  EXPECT_TRUE(first.spawn("web", shell("true")));
  first.clean_up();
}

TEST_F(Keeper, GarbageClosesThatConnectionAndNoOther) {
  auto client = connect();
  const std::vector<std::string> garbage{
      std::string(4096, '\xff'),                                   // a frame of 4 GiB
      std::string("\x01\x00\x40\x00", 4),                          // one byte longer than is allowed
      std::string("\x00\x00\x00\x00", 4),                          // nothing in it
      std::string("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),    //
      detail::encode(1, detail::request(detail::list_request())),  // well formed, but no hello before
      detail::encode(1, detail::request(detail::spawn_request())).substr(0, 20) + std::string(100, '\xff'),
  };
  for (const auto& bytes : garbage) {
    const detail::unique_fd intruder(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket().copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::connect(intruder.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ASSERT_EQ(::send(intruder.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
    ASSERT_TRUE(test::wait_readable(intruder.get()));
    char byte = 0;
    const auto got = ::recv(intruder.get(), &byte, 1, MSG_DONTWAIT);
    EXPECT_TRUE(got == 0 || (got < 0 && errno == ECONNRESET)) << got;
  }
  const auto child = client.spawn("web", shell("exit 0"));
  EXPECT_TRUE(child) << child.error().to_string();
  client.clean_up();
}

TEST_F(Keeper, ARequestThatItDoesNotKnowIsAnsweredAsSuch) {
  auto client = connect();
  client.send(detail::unknown_request());
  const auto answer = client.receive();
  ASSERT_TRUE(answer);
  ASSERT_TRUE(std::holds_alternative<detail::failed>(answer->body));
  EXPECT_EQ(std::get<detail::failed>(answer->body).number, ENOSYS);
  client.clean_up();
}

TEST_F(Keeper, AnswersManyRequestsThatWereSentAtOnceInTheirOrder) {
  auto client = connect();
  const auto what = prepare(shell("exit 0")).value();
  constexpr int count = 50;
  for (int i = 0; i < count; ++i) client.send(detail::spawn_request{"unit" + std::to_string(i), {}, 65536, what});
  int next = 0;
  while (next < count) {
    const auto got = client.receive();
    ASSERT_TRUE(got);
    if (const auto* one = std::get_if<detail::held>(&got->body)) {
      EXPECT_EQ(one->what.key, "unit" + std::to_string(next++));
    }
  }
  // Each has ended: reported between the answers or after them.
  while (true) {
    const auto all = client.list();
    const auto gone = std::ranges::count_if(all, [](const auto& child) { return child.what.state.phase == held_phase::gone; });
    if (gone == count) break;
    ASSERT_TRUE(client.receive());  // the report of one that was not gone yet
  }
  client.clean_up();
}

TEST_F(Keeper, ADaemonThatDoesNotReadItsAnswersHarmsNobody) {
  auto client = connect();
  ASSERT_TRUE(client.spawn("web", shell("exec sleep 1000"), std::string(10000, 'n')));
  for (int i = 0; i < 2000; ++i) client.send(detail::list_request());
  int lists = 0;
  while (lists < 2000) {
    const auto got = client.receive();
    ASSERT_TRUE(got);
    if (std::holds_alternative<detail::done>(got->body)) ++lists;
    for (auto fd = client.take_descriptor(); fd; fd = client.take_descriptor()) fd.reset();
  }
  client.clean_up();
}

TEST_F(Keeper, ListsMoreChildrenThanFitIntoTheSocket) {
  constexpr std::size_t count = 250;
  auto client = connect();
  const auto what = prepare({.command = {"/bin/sleep", "1000"}, .directory = {}, .environment = {}}).value();
  for (std::size_t i = 0; i < count; ++i) client.send(detail::spawn_request{"unit" + std::to_string(i), std::string(1000, 'n'), 65536, what});
  for (std::size_t held = 0; held < count;) {
    const auto got = client.receive();
    ASSERT_TRUE(got);
    if (std::holds_alternative<detail::held>(got->body)) ++held;
  }
  EXPECT_EQ(client.list().size(), count);
  client.clean_up();
}

TEST_F(Keeper, IsNoChildOfItsStarterAndHasASessionOfItsOwnWithAGroupForEachChild) {
  auto client = connect();
  const auto keeper = client.keeper();
  EXPECT_EQ(::getsid(keeper), keeper);
  EXPECT_NE(::getpgid(keeper), ::getpgid(0));
  const auto child = client.spawn("web", shell("exec sleep 1000"));
  ASSERT_TRUE(child) << child.error().to_string();
  EXPECT_EQ(::getsid(child->what.pid), ::getsid(keeper));
  EXPECT_EQ(::getpgid(child->what.pid), child->what.pid);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "there is a child to reap";
  const auto status = detail::read_small_file(("/proc/" + std::to_string(keeper) + "/status").c_str());
  EXPECT_THAT(status.value_or(""), ::testing::Not(HasSubstr("PPid:\t" + std::to_string(::getpid()) + "\n")));
  client.clean_up();
}

TEST_F(Keeper, InheritsNoDescriptorOfItsStarter) {
  const auto lock = folder_ / "lock";
  const int leaky = ::open(lock.c_str(), O_RDWR | O_CREAT, 0600);  // NOLINT(android-cloexec-open): not close-on-exec is the point
  ASSERT_GE(leaky, 0);
  auto client = connect();
  ::close(leaky);
  std::size_t streams = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/" + std::to_string(client.keeper()) + "/fd")) {
    const auto target = std::filesystem::read_symlink(entry.path()).string();
    EXPECT_NE(target, lock);
    if (std::stoi(entry.path().filename()) <= 2) {
      EXPECT_EQ(target, "/dev/null");
      ++streams;
    }
  }
  EXPECT_EQ(streams, 3U);
  client.clean_up();
}

TEST_F(Keeper, CanBeStartedByHandAndLetsGoOfWhatItWasStartedWith) {
  const auto lock = folder_ / "lock";
  std::ofstream(lock).flush();
  const auto ended = test::run(shell("exec 9<" + lock + "; exec " + test::self() + " keeper --socket " + socket() + " --detach"));
  EXPECT_EQ(ended.output, "ready\n");
  EXPECT_TRUE(ended.status.success());
  auto client = connect();
  const auto of_keeper = "/proc/" + std::to_string(client.keeper());
  for (const auto& entry : std::filesystem::directory_iterator(of_keeper + "/fd")) EXPECT_NE(std::filesystem::read_symlink(entry.path()), lock);
  EXPECT_EQ(std::filesystem::read_symlink(of_keeper + "/cwd"), "/");
  const auto again = test::run({.command = {test::self(), "keeper", "--socket", socket(), "--detach"}, .directory = {}, .environment = {}});
  EXPECT_EQ(again.output, "taken\n");
  EXPECT_EQ(again.status.code, 1);
  EXPECT_EQ(test::run({.command = {test::self(), "keeper", "--socket", "relative"}, .directory = {}, .environment = {}}).status.code, 2);
  client.clean_up();
}

TEST_F(Keeper, SurvivesTheSignalsOfATerminalAndWhatElseIsMeantForDaemons) {
  auto client = connect();
  const auto child = client.spawn("web", shell("exec sleep 1000"));
  ASSERT_TRUE(child);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) ASSERT_EQ(::kill(client.keeper(), signal), 0);
  const auto children = client.list();
  ASSERT_EQ(children.size(), 1U);
  EXPECT_EQ(children[0].what.state.phase, held_phase::running);
  client.clean_up();
}

TEST_F(Keeper, TheInterruptOfATerminalReachesTheDaemonAlone) {
  // A daemon in a group of its own, as a shell would start it, and the signal that a terminal would send to that group.
  const pid_t daemon = ::fork();
  ASSERT_GE(daemon, 0);
  if (daemon == 0) {
    ::setpgid(0, 0);
    auto client = connect();
    const bool started = client.spawn("web", shell("exec sleep 1000")).has_value();
    ::signal(SIGINT, SIG_DFL);
    if (started) ::kill(0, SIGINT);
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(daemon, &status, 0), daemon);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
  auto client = connect();
  const auto children = client.list();
  ASSERT_EQ(children.size(), 1U);
  EXPECT_EQ(children[0].what.state.phase, held_phase::running);
  client.clean_up();
}

TEST_F(Keeper, EndsWhenItHasNothingToHoldAndNobodyToServe) {
  pid_t keeper = 0;
  detail::unique_fd pidfd;
  {
    auto client = connect();
    keeper = client.keeper();
    pidfd.reset(static_cast<int>(::syscall(SYS_pidfd_open, keeper, 0)));
    ASSERT_TRUE(pidfd);
  }
  EXPECT_TRUE(test::wait_readable(pidfd.get()));
  EXPECT_FALSE(std::filesystem::exists(socket()));
}

TEST_F(Keeper, IsShutDownOnlyWhenEveryChildIsGone) {
  auto client = connect();
  const auto child = client.spawn("web", shell("exec sleep 1000"));
  ASSERT_TRUE(child);
  EXPECT_THAT(client.shut_down().error().to_string(), StartsWith("1 child is not gone"));
  ASSERT_TRUE(client.signal(child->what.child, SIGKILL, true));
  (void)client.wait_gone(child->what.child);
  const detail::unique_fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, client.keeper(), 0)));
  EXPECT_TRUE(client.shut_down());
  EXPECT_TRUE(test::wait_readable(pidfd.get()));
  EXPECT_FALSE(std::filesystem::exists(socket()));
}

TEST_F(Keeper, TheSocketIsForItsOwnerOnly) {
  auto client = connect();
  struct stat about{};
  ASSERT_EQ(::stat(socket().c_str(), &about), 0);
  EXPECT_TRUE(S_ISSOCK(about.st_mode));
  EXPECT_EQ(about.st_mode & 07777U, 0600U);
  client.clean_up();
}

TEST_F(Keeper, ASocketOfADeadKeeperIsReplaced) {
  auto client = connect();
  const auto child = client.spawn("web", shell("exec sleep 1000"));
  ASSERT_TRUE(child);
  const detail::unique_fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, client.keeper(), 0)));
  ::kill(client.keeper(), SIGKILL);
  ASSERT_TRUE(test::wait_readable(pidfd.get()));
  EXPECT_TRUE(std::filesystem::exists(socket()));
  auto again = connect();
  EXPECT_NE(again.keeper(), client.keeper());
  EXPECT_TRUE(again.list().empty());
  again.clean_up();
  // What the dead one held is found by its identity, and ended through it.
  const auto orphan = open_process({.boot_id = boot_id().value(), .pid = child->what.pid, .start_time = child->what.start_time});
  ASSERT_TRUE(orphan) << orphan.error().to_string();
  EXPECT_EQ(signal_group({.pidfd = orphan->get(), .pid = child->what.pid, .reaped = false}, SIGKILL), true);
  EXPECT_TRUE(test::wait_readable(orphan->get()));
}

TEST_F(Keeper, AForeignFileAtItsPathIsNamedAndNotTouched) {
  std::ofstream(socket()) << "precious";
  const auto link = connect_or_start_keeper(socket(), test::self());
  ASSERT_FALSE(link);
  EXPECT_EQ(link.error().to_string(), socket() + ": is there and is not a socket; give another path or remove it");
  EXPECT_EQ(std::filesystem::file_size(socket()), 8U);
}

TEST_F(Keeper, APathThatIsTooLongIsRefusedWithItsLength) {
  const auto path = folder_ / std::string(200, 'x');
  const auto link = connect_or_start_keeper(path, test::self());
  ASSERT_FALSE(link);
  EXPECT_EQ(link.error().to_string(),
            path + ": " + std::to_string(path.size()) + " bytes are too long for the path of a socket; at most 107 are possible");
}

TEST_F(Keeper, AnExecutableThatIsNoneIsNamed) {
  const auto link = connect_or_start_keeper(socket(), "/nonexistent/steward");
  ASSERT_FALSE(link);
  EXPECT_EQ(link.error().to_string(), socket() + ": start of a keeper: exec /nonexistent/steward: No such file or directory");
  const auto other = connect_or_start_keeper(socket(), "/bin/true");
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().to_string(), socket() + ": the keeper ended before it was ready");
}

TEST_F(Keeper, SeveralThatStartAtTheSameTimeEndUpWithOne) {
  constexpr int count = 6;
  std::vector<pid_t> starters;
  const auto go = folder_ / "go";
  ASSERT_EQ(::mkfifo(go.c_str(), 0600), 0);
  for (int i = 0; i < count; ++i) {
    const pid_t starter = ::fork();
    ASSERT_GE(starter, 0);
    if (starter == 0) {
      const detail::unique_fd wait(::open(go.c_str(), O_RDONLY | O_CLOEXEC));
      const auto link = connect_or_start_keeper(socket(), test::self());
      const detail::unique_fd until(::open(go.c_str(), O_RDONLY | O_CLOEXEC));  // keeps the link until all have tried
      if (link) ::_exit(0);
      if (link.error().is(std::make_error_code(std::errc::device_or_resource_busy))) ::_exit(1);
      std::cerr << link.error().to_string() << '\n';
      ::_exit(2);
    }
    starters.push_back(starter);
  }
  {
    const detail::unique_fd start(::open(go.c_str(), O_WRONLY | O_CLOEXEC));
  }
  std::multiset<int> outcomes;
  const detail::unique_fd finish(::open(go.c_str(), O_RDWR | O_CLOEXEC));
  for (const auto starter : starters) {
    int status = 0;
    ASSERT_EQ(::waitpid(starter, &status, 0), starter);
    outcomes.insert(WIFEXITED(status) ? WEXITSTATUS(status) : -1);
  }
  EXPECT_EQ(outcomes.count(2) + outcomes.count(-1), 0U);
  EXPECT_GE(outcomes.count(0), 1U);
}

TEST_F(Keeper, ChildrenGetTheLimitOfOpenFilesThatTheDaemonHad) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  auto lower = before;
  lower.rlim_cur = 200;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &lower), 0);
  auto client = connect();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  const auto child = client.spawn("web", shell("ulimit -n"));
  ASSERT_TRUE(child) << child.error().to_string();
  EXPECT_EQ(test::read_all(child->output.get()), "200\n");
  const auto limits = detail::read_small_file(("/proc/" + std::to_string(client.keeper()) + "/limits").c_str()).value_or("");
  const auto line = limits.substr(limits.find("Max open files"), 60);
  EXPECT_THAT(line, HasSubstr(std::to_string(before.rlim_max))) << "the keeper itself needs many";
  EXPECT_THAT(line, ::testing::Not(HasSubstr(" 200 ")));
  client.clean_up();
}

TEST_F(Keeper, SleepsWithoutATimerWhileNothingHappens) {
  auto client = connect();
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(client.spawn("unit" + std::to_string(i), shell("exec sleep 1000")));
  // One that has ended and is not forgotten, whose descriptors we hold as well.
  const auto ended = client.spawn("ended", shell("exit 0"));
  ASSERT_TRUE(ended);
  ASSERT_TRUE(test::wait_readable(client.fd()));
  const auto path = "/proc/" + std::to_string(client.keeper()) + "/syscall";
  if (!detail::read_small_file(path.c_str())) {
    client.clean_up();
    GTEST_SKIP() << "this system does not show what another process waits for";
  }
  // Number of the call, then its arguments: the fourth of epoll_wait is how long to wait, and -1 is for ever.
  EXPECT_TRUE(test::eventually([&] {
    std::istringstream fields(detail::read_small_file(path.c_str()).value_or(""));
    std::vector<std::string> words(std::istream_iterator<std::string>(fields), {});
    return words.size() > 4 && (words[0] == std::to_string(SYS_epoll_wait) || words[0] == std::to_string(SYS_epoll_pwait)) &&
           words[4] == "0xffffffff";
  }));
  client.clean_up();
}

}  // namespace
}  // namespace steward
