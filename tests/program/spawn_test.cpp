// SPDX-License-Identifier: Apache-2.0
#include "steward/program/spawn.hpp"

#include "steward/program/identity.hpp"
#include "support.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <sstream>
#include <stop_token>
#include <thread>

namespace steward {
namespace {

using test::shell;
using test::temporary_folder;
using ::testing::HasSubstr;

std::string why(const program_spec& spec, const spawn_options& options = {}) {
  const auto started = spawn(spec, options);
  if (!started) return started.error().to_string();
  test::end_group(*started);
  return "it started";
}

program_spec command(std::vector<std::string> words) { return {.command = std::move(words), .directory = {}, .environment = {}}; }

TEST(Spawn, RunsAProgramAndGivesItsOutputAndItsExitCode) {
  const auto ended = test::run(shell("echo out; echo err >&2; exit 3"));
  EXPECT_EQ(ended.output, "out\nerr\n");
  EXPECT_EQ(ended.status.to_string(), "exited with code 3");
}

TEST(Spawn, ANameIsLookedUpInThePathOfTheChild) {
  const temporary_folder folder;
  (void)folder.script("hello", "#!/bin/sh\necho found\n");
  auto spec = command({"hello"});
  spec.environment["PATH"] = "/nonexistent:" + folder.path().string();
  EXPECT_EQ(test::run(spec).output, "found\n");
}

TEST(Spawn, APathEntryThatIsRelativeMeansTheChildsDirectory) {
  const temporary_folder folder;
  std::filesystem::create_directory(folder / "bin");
  (void)folder.script("bin/hello", "#!/bin/sh\necho found\n");
  auto spec = command({"hello"});
  spec.environment["PATH"] = "bin";
  spec.directory = folder.path();
  EXPECT_EQ(test::run(spec).output, "found\n");
}

TEST(Spawn, AMissingNameFailsAtResolveAndNamesThePath) {
  auto spec = command({"no-such-program"});
  spec.environment["PATH"] = "/bin:/nonexistent";
  EXPECT_EQ(why(spec), "resolve no-such-program: not found in PATH (/bin:/nonexistent)");
}

TEST(Spawn, ANameThatIsOnlyThereWithoutPermissionFailsAtResolveAndSaysWhere) {
  const temporary_folder folder;
  std::ofstream(folder / "plain") << "no program";
  auto spec = command({"plain"});
  spec.environment["PATH"] = "/bin:" + folder.path().string();
  EXPECT_EQ(why(spec), "resolve plain: " + folder / "plain" + ": Permission denied");
}

TEST(Spawn, AnEmptyCommandFailsAtResolve) {
  EXPECT_EQ(why({}), "resolve the command: it is empty; it needs at least the name of a program");
  EXPECT_EQ(why(command({""})), "resolve the command: it is empty; it needs at least the name of a program");
}

TEST(Spawn, WhatTheKernelWouldCutIsRefused) {
  using namespace std::string_literals;
  EXPECT_EQ(why(command({"/bin/true", "a\0b"s})), "resolve /bin/true: an argument contains a zero byte");
  auto spec = command({"/bin/true"});
  spec.environment["A=B"] = "c";
  EXPECT_THAT(why(spec), HasSubstr("resolve /bin/true: the environment variable `A=B`"));
}

TEST(Spawn, AMissingDirectoryFailsAtDirectory) {
  auto spec = command({"/bin/true"});
  spec.directory = "/nonexistent/here";
  const auto started = spawn(spec);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().to_string(), "directory /nonexistent/here: No such file or directory");
  EXPECT_TRUE(started.error().is(std::make_error_code(std::errc::no_such_file_or_directory)));
}

TEST(Spawn, AMissingFileFailsAtExec) { EXPECT_EQ(why(command({"/nonexistent/foo"})), "exec /nonexistent/foo: No such file or directory"); }

TEST(Spawn, AFileWithoutPermissionFailsAtExec) {
  const temporary_folder folder;
  std::ofstream(folder / "plain") << "no program";
  EXPECT_EQ(why(command({folder / "plain"})), "exec " + folder / "plain" + ": Permission denied");
}

TEST(Spawn, AMissingInterpreterIsToldFromAMissingFile) {
  const temporary_folder folder;
  const auto script = folder.script("odd", "#!/nonexistent/interpreter\n");
  EXPECT_EQ(why(command({script})), "exec " + script + ": the interpreter or loader that it names is not there");
}

TEST(Spawn, AFileOfNoKnownFormatIsNotGivenToAShell) {
  const temporary_folder folder;
  const auto script = folder.script("odd", "echo never\n");
  EXPECT_EQ(why(command({script})), "exec " + script + ": neither a program for this machine nor a script with a `#!` line");
}

TEST(Spawn, ALimitOfOpenFilesThatCannotBeSetFailsAtLimits) {
  EXPECT_THAT(why(command({"/bin/true"}), {.own_session = true, .output_capacity = 65536, .open_files = ~std::uint64_t{0} - 1}),
              HasSubstr("limits: open files: "));
}

TEST(Spawn, NoFreeDescriptorFailsAtLimits) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  auto few = before;
  few.rlim_cur = 3;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const auto text = why(command({"/bin/true"}));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(text, "limits: output pipe: Too many open files");
}

TEST(Spawn, AFailedStartLeavesNoZombieAndNoDescriptor) {
  const auto count = [] { return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator()); };
  const auto before = count();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(why(command({"/nonexistent/foo"})), "exec /nonexistent/foo: No such file or directory");
  EXPECT_EQ(count(), before);
  siginfo_t info{};
  EXPECT_EQ(::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT), -1);
  EXPECT_EQ(errno, ECHILD);
}

TEST(Spawn, AnArgumentListThatIsTooLongFailsAtExec) {
  EXPECT_EQ(why(command({"/bin/true", std::string(std::size_t{4} << 20U, 'x')})), "exec /bin/true: Argument list too long");
}

TEST(Spawn, TheDirectoryIsTheChilds) {
  const temporary_folder folder;
  auto spec = shell("pwd -P");
  spec.directory = folder.path();
  EXPECT_EQ(test::run(spec).output, std::filesystem::canonical(folder.path()).string() + "\n");
}

TEST(Spawn, ARelativeProgramIsRelativeToTheChildsDirectory) {
  const temporary_folder folder;
  (void)folder.script("hello", "#!/bin/sh\necho found\n");
  auto spec = command({"./hello"});
  spec.directory = folder.path();
  EXPECT_EQ(test::run(spec).output, "found\n");
}

TEST(Spawn, TheEnvironmentIsOursWithTheSpecsOnTop) {
  ASSERT_EQ(::setenv("STEWARD_TEST_KEPT", "kept", 1), 0);
  ASSERT_EQ(::setenv("STEWARD_TEST_REPLACED", "ours", 1), 0);
  auto spec = shell("echo $STEWARD_TEST_KEPT $STEWARD_TEST_REPLACED $STEWARD_TEST_ADDED");
  spec.environment = {{"STEWARD_TEST_REPLACED", "theirs"}, {"STEWARD_TEST_ADDED", "a=b"}};
  EXPECT_EQ(test::run(spec).output, "kept theirs a=b\n");
  ::unsetenv("STEWARD_TEST_KEPT");
  ::unsetenv("STEWARD_TEST_REPLACED");
}

TEST(Spawn, TheChildHasNoDescriptorsButItsThree) {
  const int leaky = ::open("/dev/null", O_RDONLY);  // NOLINT(android-cloexec-open): not close-on-exec is the point
  ASSERT_GE(leaky, 0);
  const auto seen = test::lines(test::run(shell("cd /proc/$$/fd; echo *")).output);
  ::close(leaky);
  ASSERT_EQ(seen.size(), 1U);
  // dash itself has none beside the three; a glob opens one more for the time that it reads the folder.
  EXPECT_TRUE(seen[0] == "0 1 2" || seen[0] == "0 1 2 3") << seen[0];
}

TEST(Spawn, TheInputIsEmptyAndBothOutputsAreOnePipe) {
  const auto seen = test::lines(test::run(shell("cat; readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2")).output);
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[0], "/dev/null");
  EXPECT_THAT(seen[1], HasSubstr("pipe:["));
  EXPECT_EQ(seen[1], seen[2]);
}

TEST(Spawn, TheChildLeadsAGroupAndASessionOfItsOwn) {
  const auto started = spawn(shell("cut -d' ' -f5,6 /proc/$$/stat"));
  ASSERT_TRUE(started) << started.error().to_string();
  const auto pid = std::to_string(started->pid);
  EXPECT_EQ(test::read_all(started->output.get()), pid + " " + pid + "\n");
  EXPECT_TRUE(test::wait_exit(started->pidfd.get()).success());
  EXPECT_EQ(test::run(shell("cut -d' ' -f6 /proc/$$/stat"), {.own_session = false, .output_capacity = 65536, .open_files = {}}).output,
            std::to_string(::getsid(0)) + "\n");
}

TEST(Spawn, SignalsAreResetAndLetThrough) {
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR2);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  auto* const handler = ::signal(SIGUSR1, SIG_IGN);
  const auto seen = test::run(shell("grep -E 'Sig(Blk|Ign)' /proc/self/status")).output;
  ::signal(SIGUSR1, handler);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_EQ(seen, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST(Spawn, TheParentsSignalsAreAsBefore) {
  sigset_t before;
  sigset_t after;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &before);
  EXPECT_TRUE(test::run(command({"/bin/true"})).status.success());
  ::pthread_sigmask(SIG_SETMASK, nullptr, &after);
  for (int signal = 1; signal < 65; ++signal) EXPECT_EQ(sigismember(&before, signal), sigismember(&after, signal)) << signal;
}

TEST(Spawn, TheLimitOfOpenFilesCanBeGiven) {
  EXPECT_EQ(test::run(shell("ulimit -n"), {.own_session = true, .output_capacity = 65536, .open_files = 100}).output, "100\n");
}

TEST(Spawn, OutputWrittenBeforeTheEndIsReadAfterIt) {
  const auto started = spawn(shell("head -c 200000 /dev/zero"));
  ASSERT_TRUE(started) << started.error().to_string();
  if (started->output_capacity < 200'000) GTEST_SKIP() << "this system allows only " << started->output_capacity << " bytes in a pipe";
  EXPECT_TRUE(test::wait_exit(started->pidfd.get()).success());
  EXPECT_EQ(test::read_all(started->output.get()).size(), 200'000U);
}

TEST(Spawn, ReadingFromASilentChildDoesNotWaitAndItsWritesDo) {
  const auto started = spawn(shell("exec sleep 1000"));
  ASSERT_TRUE(started) << started.error().to_string();
  char byte = 0;
  EXPECT_EQ(::read(started->output.get(), &byte, 1), -1);
  EXPECT_EQ(errno, EAGAIN);
  const auto flags = std::ifstream("/proc/" + std::to_string(started->pid) + "/fdinfo/1");
  std::ostringstream text;
  text << flags.rdbuf();
  const auto at = text.str().find("flags:");
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(std::stoul(text.str().substr(at + 6), nullptr, 8) & O_NONBLOCK, 0U);
  test::end_group(*started);
}

TEST(Spawn, ThePipeTakesAMebibyteWithoutAReader) {
  const auto started = spawn(shell("sleep 1000"));
  ASSERT_TRUE(started) << started.error().to_string();
  EXPECT_GE(started->output_capacity, std::size_t{4096});
  if (::geteuid() == 0) {
    EXPECT_EQ(started->output_capacity, std::size_t{1} << 20U);
  }
  test::end_group(*started);
}

TEST(Spawn, TheIdentityNamesJustThisProcess) {
  const auto started = spawn(shell("sleep 1000"));
  ASSERT_TRUE(started) << started.error().to_string();
  process_identity who{.boot_id = boot_id().value(), .pid = started->pid, .start_time = started->start_time};
  EXPECT_TRUE(open_process(who));
  auto other = who;
  ++other.start_time;
  const auto stranger = open_process(other);
  ASSERT_FALSE(stranger);
  EXPECT_THAT(stranger.error().to_string(), HasSubstr("whose number now belongs to another"));
  other = who;
  other.boot_id = "of an earlier boot";
  EXPECT_FALSE(open_process(other));
  std::promise<pid_t> number;
  std::jthread another([&number](const std::stop_token& stop) {
    number.set_value(static_cast<pid_t>(::syscall(SYS_gettid)));
    while (!stop.stop_requested()) std::this_thread::yield();
  });
  other = who;
  other.pid = number.get_future().get();
  const auto thread = open_process(other);
  EXPECT_TRUE(!thread && thread.error().is(std::make_error_code(std::errc::no_such_process))) << "the number of a thread is that of no process";
  test::end_group(*started);
  const auto gone = open_process(who);
  ASSERT_FALSE(gone);
  EXPECT_TRUE(gone.error().is(std::make_error_code(std::errc::no_such_process)));
}

TEST(Spawn, FromManyThreadsAtTheSameTime) {
  constexpr int threads = 4;
  constexpr int each = 25;
  std::vector<std::thread> crew;
  std::atomic<int> right{0};
  for (int thread = 0; thread < threads; ++thread) {
    crew.emplace_back([&right, thread] {
      for (int i = 0; i < each; ++i) {
        const auto text = std::to_string(thread) + "." + std::to_string(i);
        if (test::run(command({"/bin/echo", text})).output == text + "\n") ++right;
        if (why(command({"/nonexistent/" + text})) == "exec /nonexistent/" + text + ": No such file or directory") ++right;
      }
    });
  }
  for (auto& member : crew) member.join();
  EXPECT_EQ(right.load(), 2 * threads * each);
}

TEST(Spawn, WorksWithoutStdinStdoutAndStderr) {
  const auto pid = ::fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    for (int fd = 0; fd < 3; ++fd) ::close(fd);
    const auto started = spawn(shell("cat; echo out; echo err >&2"));
    std::string all;
    char buffer[64];
    while (started && all.size() < 8) {
      const auto got = ::read(started->output.get(), buffer, sizeof buffer);
      if (got > 0) all.append(buffer, static_cast<std::size_t>(got));
      if (got == 0) break;
    }
    ::_exit(all == "out\nerr\n" ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace steward
