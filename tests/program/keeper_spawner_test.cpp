// SPDX-License-Identifier: Apache-2.0
#include "steward/program/keeper_spawner.hpp"

#include "asio/support.hpp"
#include "keeper_client.hpp"
#include "steward/wait.hpp"
#include "support.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

namespace steward {
namespace {

using test::shell;
using ::testing::HasSubstr;

/// A keeper that is killed when it has executed its first program, and before it can say so.
class dying_keeper {
 public:
  dying_keeper() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    int reports[2];
    EXPECT_EQ(::pipe2(reports, O_CLOEXEC), 0);
    link_.socket.reset(ends[0]);
    report_.reset(reports[0]);
    pid_ = link_.pid = ::fork();
    if (pid_ == 0) {
      link_.socket.reset();
      serve(detail::unique_fd(ends[1]), reports[1]);
      ::_exit(1);
    }
    ::close(ends[1]);
    ::close(reports[1]);
  }
  dying_keeper(const dying_keeper&) = delete;
  dying_keeper& operator=(const dying_keeper&) = delete;
  ~dying_keeper() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  [[nodiscard]] keeper_link take_link() { return std::move(link_); }

  /// The program that it has executed.
  [[nodiscard]] pid_t program() {
    pid_t pid = 0;
    EXPECT_EQ(::read(report_.get(), &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
    return pid;
  }

 private:
  static void serve(detail::unique_fd socket, int report) {
    ::setsid();
    detail::frame_channel channel(std::move(socket), detail::frame_channel::descriptors::refuse);
    while (test::wait_readable(channel.fd()) && channel.receive()) {
      for (auto frame = channel.next(); frame && *frame; frame = channel.next()) {
        const auto asked = detail::decode_request(**frame);
        if (!asked) return;
        if (std::holds_alternative<detail::list_request>(asked->body)) (void)channel.send(detail::encode(asked->id, detail::reply(detail::done())));
        const auto* const start = std::get_if<detail::spawn_request>(&asked->body);
        if (start == nullptr) continue;
        spawn_options options;
        options.own_session = false;
        const auto started = spawn(start->what, options);
        const pid_t pid = started ? started->pid : -1;
        (void)::write(report, &pid, sizeof pid);
        ::kill(::getpid(), SIGKILL);
      }
    }
  }

  pid_t pid_ = -1;
  keeper_link link_;
  detail::unique_fd report_;
};

class KeeperSpawner : public ::testing::Test {
 protected:
  test::temporary_folder folder_;
  boost::asio::io_context io_{1};
  asio_scheduler on_{io_};
  std::vector<std::string> warnings_;
};

TEST_F(KeeperSpawner, AProgramThatWasExecutedAsTheKeeperDiedIsEndedBeforeTheNext) {
  dying_keeper first;
  const auto renew = [this] { return connect_or_start_keeper(folder_ / "keeper.sock", test::self()); };
  const auto warn = [this](const std::string& text) { warnings_.push_back(text); };
  keeper_spawner programs(io_, first.take_link(), process_register(folder_ / "running"), renew, warn);
  const auto use = [&](context& ctx) -> task<> {
    const program_spec what = shell("exec sleep 1000");
    auto lost = co_await programs.spawn(ctx, "web", "note", what, {});
    EXPECT_THAT(lost ? "success" : lost.error().to_string(), HasSubstr("the keeper has died"));
    const pid_t pid = first.program();
    EXPECT_GT(pid, 0);
    EXPECT_FALSE(group_has_living_member(pid)) << "it would run beside the next one";
    EXPECT_THAT(warnings_, ::testing::Contains("web: process " + std::to_string(pid) +
                                               " was executed as the keeper died; it is ended before the next one starts"));
    while (group_has_living_member(pid)) ::kill(-pid, SIGKILL);

    result<spawner::held> next = fail(errc::failed);
    while (!next) {  // as soon as there is a new keeper
      next = co_await programs.spawn(ctx, "web", "note", what, {});
      auto slept = co_await ctx.sleep_for(std::chrono::milliseconds(1));
      if (!slept) co_return slept;
    }
    const spawner::held living = std::move(*next);
    EXPECT_FALSE(living->orphaned);
    co_return co_await programs.end(ctx, living);
  };
  const auto ended = asio_test::run_on(io_, on_, [&](context& ctx) { return programs.run(ctx, use); });
  EXPECT_TRUE(ended) << ended.error().to_string();
}

// As one that has to make way for another, which is asked to stop before it could start.
TEST_F(KeeperSpawner, WhatIsEndedHasItsTimeUntilAllIsForced) {
  const auto connect = [this] { return connect_or_start_keeper(folder_ / "keeper.sock", test::self()); };
  auto link = connect();
  ASSERT_TRUE(link) << link.error().to_string();
  keeper_spawner programs(io_, std::move(*link), process_register(folder_ / "running"), connect, [](const std::string&) {});
  const auto end_of = [&](context& ctx, std::string key, bool force) -> task<> {
    const program_spec what =
        shell("cd " + folder_.path().string() + "; trap 'touch asked." + key + "; exit 0' TERM; touch up." + key + "; while :; do sleep 0.01; done");
    auto starting = programs.spawn(ctx, key, "note", what, {});
    auto living = co_await or_return(std::move(starting));
    while (!std::filesystem::exists(folder_ / ("up." + key))) {
      auto slept = co_await ctx.sleep_for(std::chrono::milliseconds(2));
      if (!slept) co_return slept;
    }
    context above(ctx);
    context of_the_next(above);
    (force ? above : of_the_next).stop();
    co_return co_await programs.end(of_the_next, living);
  };
  const auto use = [&](context& ctx) -> task<> {
    auto asked = end_of(ctx, "web", false);
    co_await or_return(std::move(asked));
    auto forced = end_of(ctx, "db", true);
    co_return co_await std::move(forced);
  };
  const auto ended = asio_test::run_on(io_, on_, [&](context& ctx) { return programs.run(ctx, use); });
  EXPECT_TRUE(ended) << ended.error().to_string();
  EXPECT_TRUE(std::filesystem::exists(folder_ / "asked.web"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "asked.db"));
}

}  // namespace
}  // namespace steward
