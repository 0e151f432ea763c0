// SPDX-License-Identifier: Apache-2.0
#include "steward/program/process_group.hpp"

#include "steward/program/detail/proc_stat.hpp"
#include "steward/program/identity.hpp"
#include "support.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

namespace steward {
namespace {

using test::shell;

/// Both ways to signal a group: through the pidfd, and by number as on kernels before 6.9.
class ProcessGroup : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override { before_ = detail::use_group_number(GetParam()); }
  void TearDown() override { detail::use_group_number(before_); }

 private:
  bool before_ = false;
};

INSTANTIATE_TEST_SUITE_P(ByPidfdAndByNumber, ProcessGroup, ::testing::Bool(),
                         [](const auto& which) { return which.param ? std::string("ByNumber") : std::string("ByPidfd"); });

group_leader leader_of(const child& started, bool reaped) { return {.pidfd = started.pidfd.get(), .pid = started.pid, .reaped = reaped}; }

/// The first line that a child writes, as a process number.
pid_t read_pid(const child& started) { return static_cast<pid_t>(std::stol(test::read_until(started.output.get(), "\n"))); }

bool is_alive(pid_t pid) {
  const auto found = detail::read_proc_stat(pid);
  return found && found->state != 'Z' && found->state != 'X';
}

TEST_P(ProcessGroup, AKillReachesGrandchildren) {
  const auto started = spawn(shell("sh -c 'sleep 1000 & echo $!; wait' & wait"));
  ASSERT_TRUE(started) << started.error().to_string();
  const auto grandchild = read_pid(*started);
  EXPECT_TRUE(is_alive(grandchild));
  EXPECT_EQ(signal_group(leader_of(*started, false), SIGKILL), true);
  EXPECT_EQ(test::wait_exit(started->pidfd.get()), (program_exit{.code = 0, .signal = SIGKILL}));
  EXPECT_TRUE(test::eventually([&] { return !is_alive(grandchild); }));
  EXPECT_TRUE(test::eventually([&] { return signal_group(leader_of(*started, true), 0) == false || !group_has_living_member(started->pid); }));
}

TEST_P(ProcessGroup, ASignalToTheLeaderLeavesTheOthers) {
  const auto started = spawn(shell("sleep 1000 & echo $!; exec sleep 1000"));
  ASSERT_TRUE(started) << started.error().to_string();
  const auto member = read_pid(*started);
  EXPECT_TRUE(signal_leader(leader_of(*started, false), SIGTERM));
  EXPECT_EQ(test::wait_exit(started->pidfd.get()).to_string(), "killed by signal 15 (SIGTERM)");
  EXPECT_TRUE(is_alive(member));
  EXPECT_EQ(signal_group(leader_of(*started, true), SIGKILL), true);
  EXPECT_TRUE(test::eventually([&] { return !is_alive(member); }));
}

TEST_P(ProcessGroup, IsNotEmptyWhileAMemberLivesThoughTheLeaderIsGone) {
  const auto started = spawn(shell("sleep 1000 & echo $!"));
  ASSERT_TRUE(started) << started.error().to_string();
  const auto member = read_pid(*started);
  ASSERT_TRUE(test::wait_readable(started->pidfd.get()));
  EXPECT_EQ(signal_group(leader_of(*started, true), 0), true) << "who is not its parent does not know that nobody has reaped the leader yet";
  EXPECT_TRUE(test::wait_exit(started->pidfd.get()).success());
  EXPECT_EQ(signal_group(leader_of(*started, true), 0), true);
  EXPECT_TRUE(group_has_living_member(started->pid));
  EXPECT_EQ(signal_group(leader_of(*started, true), SIGKILL), true);
  EXPECT_TRUE(test::eventually([&] { return !is_alive(member); }));
  EXPECT_FALSE(group_has_living_member(started->pid));
}

TEST_P(ProcessGroup, IsEmptyWhenTheLeaderWasAloneAndIsReaped) {
  const auto started = spawn(shell("exit 0"));
  ASSERT_TRUE(started) << started.error().to_string();
  ASSERT_TRUE(test::wait_readable(started->pidfd.get()));
  EXPECT_EQ(signal_group(leader_of(*started, false), 0), true) << "a leader that nobody reaped is a member";
  EXPECT_FALSE(group_has_living_member(started->pid)) << "but not a living one";
  EXPECT_TRUE(test::wait_exit(started->pidfd.get()).success());
  EXPECT_EQ(signal_group(leader_of(*started, true), SIGKILL), false);
  const auto signalled = signal_leader(leader_of(*started, true), SIGTERM);
  ASSERT_FALSE(signalled);
  EXPECT_TRUE(signalled.error().is(std::make_error_code(std::errc::no_such_process)));
}

TEST_P(ProcessGroup, ASignalThatIsNoneIsAnErrorAndHarmsNobody) {
  const auto started = spawn(shell("exec sleep 1000"));
  ASSERT_TRUE(started) << started.error().to_string();
  EXPECT_FALSE(signal_group(leader_of(*started, false), 1000));
  EXPECT_FALSE(signal_leader(leader_of(*started, false), 1000));
  EXPECT_TRUE(is_alive(started->pid));
  test::end_group(*started);
}

TEST(Reap, TakesTheStatusOnceAndNeverWaits) {
  const auto started = spawn(shell("read line < /dev/tty; exec sleep 1000"));
  ASSERT_TRUE(started) << started.error().to_string();
  const auto early = reap(started->pidfd.get());
  ASSERT_TRUE(early) << early.error().to_string();
  EXPECT_FALSE(*early);
  EXPECT_TRUE(signal_leader(leader_of(*started, false), SIGKILL));
  EXPECT_EQ(test::wait_exit(started->pidfd.get()).signal, SIGKILL);
  const auto again = reap(started->pidfd.get());
  ASSERT_FALSE(again);
  EXPECT_TRUE(again.error().is(std::make_error_code(std::errc::no_child_process)));
}

TEST(Reap, NeverTakesTheStatusOfAnother) {
  const auto first = spawn(shell("exit 1"));
  const auto second = spawn(shell("exit 2"));
  ASSERT_TRUE(first && second);
  EXPECT_EQ(test::wait_exit(second->pidfd.get()).code, 2);
  EXPECT_EQ(test::wait_exit(first->pidfd.get()).code, 1);
}

TEST(ProgramExit, TravelsAsAnErrorAndComesBackAsNumbers) {
  for (const auto& status : {program_exit{.code = 3, .signal = 0}, program_exit{.code = 0, .signal = SIGSEGV}, program_exit{}}) {
    const auto failure = status.to_error().prefixed("run: ").prefixed("web: ");
    EXPECT_EQ(failure.to_string(), "web: run: " + status.to_string());
    EXPECT_EQ(exit_of(failure), status);
  }
  EXPECT_FALSE(exit_of(error(errc::failed)));
  EXPECT_EQ((program_exit{.code = 0, .signal = 9}).to_string(), "killed by signal 9 (SIGKILL)");
  EXPECT_EQ((program_exit{.code = 0, .signal = 40}).to_string(), "killed by signal 40");
}

TEST(Signals, HaveNamesBothWays) {
  EXPECT_EQ(signal_name(SIGTERM), "TERM");
  EXPECT_EQ(signal_name(99), "99");
  EXPECT_EQ(signal_from_string("SIGTERM"), SIGTERM);
  EXPECT_EQ(signal_from_string("INT"), SIGINT);
  EXPECT_EQ(signal_from_string("10"), 10);
  for (const auto* const none : {"", "term", "SIG", "0", "-1", "1000", "15x", "SIGSIGTERM"}) EXPECT_FALSE(signal_from_string(none)) << none;
}

TEST(ProcStat, ANameMayContainAnything) {
  const std::string rest = " S 7 42 43 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1 2 3\n";
  for (const auto* const name : {"sh", "a) R 1 2 (b", "a b", "x\ny"}) {
    const auto found = detail::parse_proc_stat("12 (" + std::string(name) + ")" + rest);
    ASSERT_TRUE(found) << name;
    EXPECT_EQ(found->state, 'S');
    EXPECT_EQ(found->group, 42);
    EXPECT_EQ(found->start_time, 987654U);
  }
  for (const auto* const bad : {"", "12 (sh", "12 (sh)", "12 (sh) S 1", "12 (sh) S 7 x 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"}) {
    EXPECT_FALSE(detail::parse_proc_stat(bad)) << bad;
  }
}

}  // namespace
}  // namespace steward
