// SPDX-License-Identifier: Apache-2.0
//
// Keepers that do what a real one does rarely: die at the worst moment, leave no room for descriptors, or take their time.
#pragma once

#include "keeper_client.hpp"
#include "support.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <optional>
#include <semaphore>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace steward::test {

/// A keeper that is killed when it has executed so many programs, and before it can say so.
class dying_keeper {
 public:
  explicit dying_keeper(int programs = 1) {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    int reports[2];
    EXPECT_EQ(::pipe2(reports, O_CLOEXEC), 0);
    link_.socket.reset(ends[0]);
    report_.reset(reports[0]);
    pid_ = link_.pid = ::fork();
    if (pid_ == 0) {
      link_.socket.reset();
      serve(detail::unique_fd(ends[1]), reports[1], programs);
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

  /// The next program that it has executed.
  [[nodiscard]] pid_t program() {
    pid_t pid = 0;
    EXPECT_EQ(::read(report_.get(), &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
    return pid;
  }

 private:
  static void serve(detail::unique_fd socket, int report, int programs) {
    ::setsid();
    detail::frame_channel channel(std::move(socket), detail::frame_channel::descriptors::refuse);
    while (wait_readable(channel.fd()) && channel.receive()) {
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
        if (--programs == 0) ::kill(::getpid(), SIGKILL);
      }
    }
  }

  pid_t pid_ = -1;
  keeper_link link_;
  detail::unique_fd report_;
};

inline constexpr rlim_t none_beside_stdin = 1;  // 0 would keep `poll` from working

/// A keeper that takes the room for the descriptors of its second program away before it sends them, and gives it back when it has to forget that. Or
/// it dies when it is to end it; then it gives the room back before, or leaves that to `make_room`.
class crowding_keeper {
 public:
  enum class fate : unsigned char { leaves, dies, dies_without_room };

  explicit crowding_keeper(fate end_of_it) : fate_(end_of_it) {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    link_.socket.reset(ends[0]);
    thread_ = std::thread([this, end = ends[1]] { serve(detail::unique_fd(end)); });
  }
  crowding_keeper(const crowding_keeper&) = delete;
  crowding_keeper& operator=(const crowding_keeper&) = delete;
  ~crowding_keeper() {
    link_.socket.reset();
    if (thread_.joinable()) thread_.join();
  }

  [[nodiscard]] keeper_link take_link() { return std::move(link_); }

  /// To be called when it has died.
  void make_room() { crowd_.reset(); }

  /// All that was asked for, and by which signals the programs of one that has died have ended. To be called when the daemon has left.
  [[nodiscard]] std::vector<std::string> asked() {
    thread_.join();
    return asked_;
  }

 private:
  void serve(detail::unique_fd socket) {
    detail::frame_channel channel(std::move(socket), detail::frame_channel::descriptors::refuse);
    while (!left_ && wait_readable(channel.fd()) && channel.receive()) {
      for (auto frame = channel.next(); frame && *frame; frame = channel.next()) {
        const auto asked = detail::decode_request(**frame);
        if (asked) answer(channel, asked->id, asked->body);
      }
    }
    channel = detail::frame_channel({}, detail::frame_channel::descriptors::refuse);
    if (fate_ == fate::leaves) return;
    for (const auto& each : started_) asked_.push_back("ended by " + std::to_string(wait_exit(each.pidfd.get()).signal));
  }

  void answer(detail::frame_channel& channel, std::uint64_t id, const detail::request& body) {
    if (const auto* const start = std::get_if<detail::spawn_request>(&body)) {
      asked_.push_back("start " + start->key);
      auto started = spawn(start->what);
      ASSERT_TRUE(started);
      detail::held_child child;
      child.child = ++last_child_;
      child.key = start->key;
      child.pid = started->pid;
      child.start_time = started->start_time;
      const auto handles = std::make_shared<detail::child_handles>(started->pidfd.duplicate(), std::move(started->output));
      started_.push_back(std::move(*started));
      if (last_child_ == 2) crowd_.emplace(none_beside_stdin);
      (void)channel.send(detail::encode(id, detail::reply(detail::held{child})), handles);
      return;
    }
    if (const auto* const kill = std::get_if<detail::signal_request>(&body)) {
      asked_.push_back("signal " + std::to_string(kill->child));
      if (fate_ != fate::leaves) {
        if (fate_ == fate::dies) make_room();
        left_ = true;
        return;
      }
      end_group(started_.at(kill->child - 1));
      detail::changed gone;
      gone.child = kill->child;
      gone.state.phase = detail::held_phase::gone;
      (void)channel.send(detail::encode(0, detail::reply(gone)));
    } else if (const auto* const forget = std::get_if<detail::forget_request>(&body)) {
      asked_.push_back("forget " + std::to_string(forget->child));
      crowd_.reset();
    } else if (std::holds_alternative<detail::shutdown_request>(body)) {
      left_ = true;
    }
    (void)channel.send(detail::encode(id, detail::reply(detail::done())));
  }

  keeper_link link_;
  fate fate_;
  std::uint64_t last_child_ = 0;
  std::vector<child> started_;
  bool left_ = false;
  std::optional<open_files_limit> crowd_;
  std::vector<std::string> asked_;
  std::thread thread_;
};

/// A way to a new keeper that takes its time.
class slow_renewal {
 public:
  explicit slow_renewal(std::string socket) : socket_(std::move(socket)) {}

  [[nodiscard]] result<keeper_link> renew() {
    began_.release();
    went_on_ = may_go_on_.try_acquire_for(std::chrono::seconds(10));
    return connect_or_start_keeper(socket_, self());
  }
  [[nodiscard]] bool has_begun() { return began_.try_acquire(); }
  void let_go_on() { may_go_on_.release(); }
  [[nodiscard]] bool went_on() const { return went_on_; }

 private:
  std::string socket_;
  std::binary_semaphore began_{0};
  std::binary_semaphore may_go_on_{0};
  bool went_on_ = false;
};

}  // namespace steward::test
