// SPDX-License-Identifier: Apache-2.0
//
// The daemon's side of getting a keeper.
#include "keeper_socket.hpp"
#include "steward/program/detail/frame_channel.hpp"
#include "steward/program/detail/keeper_protocol.hpp"
#include "steward/program/detail/system_error.hpp"
#include "steward/program/keeper.hpp"
#include "steward/program/process_group.hpp"
#include "steward/program/spawn.hpp"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>

namespace steward {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::chrono::seconds patience{10};             // for a machine that is very busy; usually it takes milliseconds
constexpr std::chrono::seconds patience_with_holder{1};  // for a daemon that was killed to be gone

struct refusal {
  error why;
  pid_t holder = 0;
};

bool wait_readable(int fd, clock::time_point until) noexcept {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
    pollfd event{.fd = fd, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&event, 1, left > 0 ? static_cast<int>(left) : 0);
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

/// Says hello and waits for the answer.
std::expected<keeper_link, refusal> greet(const std::string& path, detail::unique_fd socket, clock::time_point until) {
  const auto refuse = [&](const error& why, pid_t holder = 0) { return std::unexpected(refusal{why.prefixed(path + ": "), holder}); };
  detail::frame_channel channel(std::move(socket), detail::frame_channel::descriptors::keep);
  if (auto sent = channel.send(detail::encode(1, detail::request(detail::hello()))); !sent) return refuse(sent.error());
  while (!channel.has_frame()) {
    if (!wait_readable(channel.fd(), until)) return refuse(detail::system_error(ETIMEDOUT, "the keeper does not answer"));
    if (auto received = channel.receive(); !received) return refuse(received.error());
  }
  const auto frame = channel.next();
  const auto answer = frame && *frame ? detail::decode_reply(**frame) : std::nullopt;
  if (!answer) return refuse(error("whoever listens there is no keeper"));
  if (const auto* no = std::get_if<detail::refused>(&answer->body)) {
    return refuse(error(std::make_error_code(std::errc::device_or_resource_busy), no->why), no->holder);
  }
  const auto* yes = std::get_if<detail::welcome>(&answer->body);
  if (yes == nullptr) return refuse(error("whoever listens there is no keeper"));
  if (yes->version != detail::keeper_protocol_version) {
    return refuse(error("the keeper speaks version " + std::to_string(yes->version) + " of its protocol, this program " +
                        std::to_string(detail::keeper_protocol_version)));
  }
  return keeper_link{.socket = std::move(channel).release(), .pid = yes->pid, .boot_id = yes->boot_id, .version = yes->version};
}

/// The holder's connection may still be seen as open for a moment after the holder was killed: true when it is gone now.
bool wait_until_gone(pid_t holder) noexcept {
  if (holder <= 0 || holder == ::getpid()) return false;
  const detail::unique_fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, holder, 0)));
  return pidfd ? wait_readable(pidfd.get(), clock::now() + patience_with_holder) : errno == ESRCH;
}

bool nobody_listens(const error& why) noexcept {
  return why.is(std::make_error_code(std::errc::connection_refused)) || why.is(std::make_error_code(std::errc::no_such_file_or_directory)) ||
         why.is(std::make_error_code(std::errc::connection_reset)) || why.is(std::make_error_code(std::errc::broken_pipe));
}

/// Starts one and waits until it can be connected to, or says why it cannot. False when somebody else was faster.
result<bool> start_keeper(const std::string& path, const std::string& self, clock::time_point until) {
  program_spec spec;
  spec.command = {self, "keeper", "--socket", path, "--detach"};
  auto started = spawn(spec);
  if (!started) return fail(started.error().prefixed(path + ": start of a keeper: "));
  std::string said;
  char buffer[512];
  while (!said.contains('\n')) {
    if (!wait_readable(started->output.get(), until)) return detail::system_failure(ETIMEDOUT, path + ": the keeper just started");
    const auto got = ::read(started->output.get(), buffer, sizeof buffer);
    if (got <= 0) break;
    said.append(buffer, static_cast<std::size_t>(got));
  }
  // The process that was spawned has left by now, and the keeper goes on as no child of ours.
  if (wait_readable(started->pidfd.get(), until)) (void)reap(started->pidfd.get());
  said = said.substr(0, said.find('\n'));
  if (said == "ready") return true;
  if (said == "taken") return false;
  return fail(error(said.empty() ? path + ": the keeper ended before it was ready" : said));
}

result<keeper_link> connect_until(const std::string& path, clock::time_point until) {
  for (;;) {
    auto socket = detail::connect_unix(path);
    if (!socket) return fail(socket.error());
    auto link = greet(path, std::move(*socket), until);
    if (link) return std::move(*link);
    if (clock::now() >= until || !wait_until_gone(link.error().holder)) return fail(link.error().why);
  }
}

}  // namespace

result<keeper_link> connect_keeper(const std::string& path) { return connect_until(path, clock::now() + patience); }

result<keeper_link> connect_or_start_keeper(const std::string& path, const std::string& self) {
  constexpr int attempts = 50;  // each takes milliseconds, and others may come and go meanwhile
  const auto until = clock::now() + patience;
  auto link = connect_until(path, until);
  // A keeper that is just ending, because it has nothing to hold, looks the same as none.
  for (int attempt = 0; !link && nobody_listens(link.error()) && attempt < attempts; ++attempt) {
    const auto made = start_keeper(std::filesystem::absolute(path), self, until);
    if (!made) return fail(made.error());
    link = connect_until(path, until);
    if (link) link->started = *made;
  }
  return link;
}

}  // namespace steward
