// SPDX-License-Identifier: Apache-2.0
#include "listen.hpp"

#include "fake_daemon.hpp"

#include <boost/asio/io_context.hpp>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

namespace steward {
namespace {

using boost::asio::local::stream_protocol;

struct at_a_path {
  testing::temporary_folder folder;
  std::string socket = folder / "s.sock";
  boost::asio::io_context io;

  // A socket that nobody listens on any more, as a killed daemon leaves it.
  void leave_a_dead_one() { stream_protocol::acceptor(io, stream_protocol::endpoint(socket)).close(); }

  // The first line of what is refused; empty when it listens.
  std::string refusal() {
    const auto got = listen_at(io, socket);
    return got ? "" : got.error().to_string();
  }

  [[nodiscard]] std::string taken() const { return "another process listens at " + socket + "; name another socket with --socket"; }
};

TEST(Listen, TheSocketAndItsLockAreForTheOwnerAlone) {
  at_a_path here;
  const auto got = listen_at(here.io, here.socket);
  ASSERT_TRUE(got) << got.error().to_string();
  for (const std::string& file : {here.socket, here.socket + ".lock"}) {
    struct stat info{};
    ASSERT_EQ(::stat(file.c_str(), &info), 0) << file;
    EXPECT_EQ(info.st_mode & 0777U, 0600U) << file;
  }
}

TEST(Listen, ASocketThatIsListenedOnIsLeftAlone) {
  at_a_path here;
  const auto got = listen_at(here.io, here.socket);
  EXPECT_EQ(here.refusal(), here.taken());
  EXPECT_TRUE(std::filesystem::exists(here.socket));
}

TEST(Listen, ADeadSocketIsReplaced) {
  at_a_path here;
  here.leave_a_dead_one();
  EXPECT_EQ(here.refusal(), "");
}

TEST(Listen, ADeadSocketThatAnotherIsAboutToReplaceIsLeftAlone) {
  at_a_path here;
  here.leave_a_dead_one();
  {
    const auto claim = socket_claim::acquire(here.socket);
    ASSERT_TRUE(claim) << claim.error().to_string();
    EXPECT_EQ(here.refusal(), here.taken());
    EXPECT_TRUE(std::filesystem::exists(here.socket));
  }
  EXPECT_FALSE(std::filesystem::exists(here.socket + ".lock"));
  EXPECT_EQ(here.refusal(), "");
}

TEST(Listen, ALockThatWasLeftIsNoObstacle) {
  at_a_path here;
  ::close(::open((here.socket + ".lock").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  EXPECT_EQ(here.refusal(), "");
}

// Its queue is full, so that a connection would have to wait.
TEST(Listen, ASocketThatAcceptsNothingIsTakenAtOnce) {
  at_a_path here;
  stream_protocol::acceptor deaf(here.io);
  deaf.open();
  deaf.bind(stream_protocol::endpoint(here.socket));
  deaf.listen(0);
  std::vector<int> waiting;
  const stream_protocol::endpoint end(here.socket);
  for (int failed = 0; failed == 0;) {
    waiting.push_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    failed = ::connect(waiting.back(), end.data(), static_cast<socklen_t>(end.size()));
  }
  EXPECT_EQ(here.refusal(), here.taken());
  for (const int each : waiting) ::close(each);
}

}  // namespace
}  // namespace steward
