// SPDX-License-Identifier: Apache-2.0
#include "patient_output.hpp"

#include "fake_daemon.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <fstream>
#include <iterator>
#include <string>

namespace steward {
namespace {

/// Two ends of something: what is written to `in` comes out of `out`, which never waits.
struct ends {
  ends(int writing, int reading) : in(writing), out(reading) { ::fcntl(out, F_SETFL, O_NONBLOCK); }
  ends(const ends&) = delete;
  ends& operator=(const ends&) = delete;
  ~ends() {
    ::close(in);
    ::close(out);
  }

  [[nodiscard]] std::string read() const {
    std::string text;
    std::array<char, 65536> bytes{};
    for (ssize_t got = 0; (got = ::read(out, bytes.data(), bytes.size())) > 0;) text.append(bytes.data(), static_cast<std::size_t>(got));
    return text;
  }

  int in;
  int out;
};

ends a_pipe() {
  std::array<int, 2> fds{};
  EXPECT_EQ(::pipe(fds.data()), 0);
  return {fds[1], fds[0]};
}

ends a_socket() {
  std::array<int, 2> fds{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, fds.data()), 0);
  return {fds[1], fds[0]};
}

ends a_terminal() {
  int outer = -1;
  int inner = -1;
  EXPECT_EQ(::openpty(&outer, &inner, nullptr, nullptr, nullptr), 0);
  termios raw{};
  EXPECT_EQ(::tcgetattr(inner, &raw), 0);
  ::cfmakeraw(&raw);
  EXPECT_EQ(::tcsetattr(inner, TCSANOW, &raw), 0);
  return {inner, outer};
}

const std::string much(1U << 20U, 'x');

// Fills it, and sees all of it come out in the end.
void fill_and_empty(const ends& between) {
  const int before = ::fcntl(between.in, F_GETFL);
  patient_output out(between.in);
  out.write("first ");
  EXPECT_FALSE(out.behind());
  out.write(much);
  EXPECT_TRUE(out.behind());
  EXPECT_FALSE(out.flush());
  out.write(" last");
  std::string came;
  for (int i = 0; i < 100000 && came.size() < much.size() + 11; ++i) {
    came += between.read();
    (void)out.flush();
  }
  EXPECT_TRUE(out.flush());
  EXPECT_TRUE(came == "first " + much + " last") << came.size();
  EXPECT_EQ(::fcntl(between.in, F_GETFL), before) << "others write to it too";
}

TEST(PatientOutput, NeverWaitsForAPipe) { fill_and_empty(a_pipe()); }

TEST(PatientOutput, NeverWaitsForASocket) { fill_and_empty(a_socket()); }

TEST(PatientOutput, NeverWaitsForATerminal) { fill_and_empty(a_terminal()); }

TEST(PatientOutput, NeverWaitsForATerminalThatWasStopped) {
  const ends between = a_terminal();
  patient_output out(between.in);
  ASSERT_EQ(::tcflow(between.in, TCOOFF), 0);
  out.write("a frame");
  EXPECT_TRUE(out.behind());
  ASSERT_EQ(::tcflow(between.in, TCOON), 0);
  EXPECT_TRUE(out.flush());
  EXPECT_EQ(between.read(), "a frame");
}

TEST(PatientOutput, WhatNobodyWillReadIsDropped) {
  std::array<int, 2> fds{};
  ASSERT_EQ(::pipe(fds.data()), 0);
  ::close(fds[0]);
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  patient_output out(fds[1]);
  out.write("hello");
  EXPECT_FALSE(out.behind());
  ::signal(SIGPIPE, before);
  ::close(fds[1]);
}

TEST(PatientOutput, AFileIsWrittenBehindWhatOthersHaveWritten) {
  const testing::temporary_folder folder;
  const std::string name = folder / "out";
  const int fd = ::open(name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_GE(fd, 0);
  ASSERT_EQ(::write(fd, "before ", 7), 7);
  patient_output(fd).write("behind");
  ::close(fd);
  std::ifstream file(name);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "before behind");
}

}  // namespace
}  // namespace steward
