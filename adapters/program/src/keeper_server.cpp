// SPDX-License-Identifier: Apache-2.0
#include "keeper_server.hpp"

#include "steward/program/detail/system_error.hpp"
#include "steward/program/identity.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace steward::detail {
namespace {

using std::chrono::milliseconds;

// Children have the numbers from 1 on in the epoll set.
constexpr std::uint64_t from_listener = ~std::uint64_t{0};
constexpr std::uint64_t from_signals = ~std::uint64_t{1};
constexpr std::uint64_t first_connection = std::uint64_t{1} << 63U;

constexpr std::size_t most_connections = 16;
constexpr std::size_t most_waiting = std::size_t{1} << 20U;  // bytes in either direction, before a connection is not read from for a while
constexpr int most_requests_per_turn = 64;                   // so that exits are seen between them
constexpr std::chrono::seconds wait_for_first_daemon{30};    // who started us connects within milliseconds

void watch(int epoll, int fd, std::uint32_t events, std::uint64_t number) noexcept {
  epoll_event event{.events = events, .data = {.u64 = number}};
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

/// Whether enough waits to be worked off or to be sent.
bool is_full(const frame_channel& channel) noexcept {
  return channel.waiting_out() > most_waiting || (channel.waiting_in() > most_waiting && channel.has_frame());
}

}  // namespace

keeper_server::keeper_server(unique_fd epoll, unique_fd listener, unique_fd signals)
    : epoll_(std::move(epoll)),
      listener_(std::move(listener)),
      signals_(std::move(signals)),
      spare_(::open("/dev/null", O_RDONLY | O_CLOEXEC)),
      table_(epoll_.get()),
      last_connection_(first_connection),
      first_daemon_by_(keeper_table::clock::now() + wait_for_first_daemon) {
  watch(epoll_.get(), listener_.get(), EPOLLIN, from_listener);
  watch(epoll_.get(), signals_.get(), EPOLLIN, from_signals);
}

void keeper_server::run() {
  while (!ended_) {
    try {
      turn();
    } catch (...) {  // only memory can be short here; a daemon that asked for too much can come back, the children cannot
      if (daemon_ != 0) close(daemon_);
    }
    if (is_idle()) ended_ = true;
  }
}

void keeper_server::turn() {
  std::array<epoll_event, 64> events;
  const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), milliseconds_to_wait());
  bool leader_ended = false;
  for (int i = 0; i < count; ++i) leader_ended |= dispatch(events.at(static_cast<std::size_t>(i)).data.u64);
  // Looking at all children for orphans is linear in their number: not while leaders come one by one in better ways.
  if (someone_ended_ && !leader_ended) {
    table_.reap_ended();
    someone_ended_ = false;
  }
  table_.probe(keeper_table::clock::now());
  report_changes();
  for (auto& [number, each] : connections_) (void)each.channel.flush();  // a start takes its time
  process_waiting();
  report_changes();
  for (auto at = connections_.begin(); at != connections_.end();) {
    const auto [number, next] = std::pair(at->first, std::next(at));
    (void)at->second.channel.flush();
    if (at->second.closing && at->second.channel.waiting_out() == 0)
      close(number);
    else
      update_interest(number, at->second);
    at = next;
  }
}

/// Handles what one descriptor has to say. True if it is a child that ended.
bool keeper_server::dispatch(std::uint64_t source) {
  if (source == from_listener) {
    accept_one();
  } else if (source == from_signals) {
    read_signals();
  } else if (source < first_connection) {
    table_.ended(source);
    return true;
  } else if (const auto who = connections_.find(source); who != connections_.end()) {
    read_from(who);
  }
  return false;
}

void keeper_server::accept_one() {
  unique_fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket) {
    if (errno != EMFILE && errno != ENFILE) return;
    // Left in the queue it would wake us for ever.
    spare_.reset();
    socket.reset(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    socket.reset();
    spare_.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    return;
  }
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return;
  if ((peer.uid != ::geteuid() && peer.uid != 0) || connections_.size() >= most_connections) return;
  const auto number = ++last_connection_;
  watch(epoll_.get(), socket.get(), EPOLLIN, number);
  connections_.emplace(number, connection{frame_channel(std::move(socket), frame_channel::descriptors::refuse), peer.pid, EPOLLIN, false});
}

void keeper_server::read_signals() {
  signalfd_siginfo info{};
  while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
    asked_to_end_ |= info.ssi_signo == SIGTERM;
    someone_ended_ |= info.ssi_signo == SIGCHLD;
  }
}

void keeper_server::read_from(connections::iterator who) {
  auto& channel = who->second.channel;
  if (!channel.flush()) return close(who->first);
  if (!is_full(channel) && !channel.receive()) close(who->first);
}

void keeper_server::process_waiting() {
  for (int i = 0; i < most_requests_per_turn; ++i) {
    if (!process_next()) return;
  }
}

/// One request of one connection. False when there is none, or it was one that takes long and others should have a turn.
bool keeper_server::process_next() {
  for (auto who = connections_.begin(); who != connections_.end(); ++who) {
    if (!can_process(who->second)) continue;
    const auto frame = who->second.channel.next();
    auto decoded = frame && *frame ? decode_request(**frame) : std::nullopt;
    if (!decoded) {
      close(who->first);
      return true;
    }
    const bool slow = std::holds_alternative<spawn_request>(decoded->body);
    handle(who, decoded->id, std::move(decoded->body));
    return !slow;
  }
  return false;
}

void keeper_server::handle(connections::iterator who, std::uint64_t id, request&& body) {
  auto& from = who->second;
  if (std::holds_alternative<hello>(body)) return welcome_or_refuse(who, id);
  if (who->first != daemon_) return close(who->first);
  if (auto* const spawning = std::get_if<spawn_request>(&body)) return start(from, id, std::move(*spawning));
  if (auto* const signalling = std::get_if<signal_request>(&body)) return answer(from, id, table_.signal(*signalling));
  if (auto* const forgetting = std::get_if<forget_request>(&body)) return answer(from, id, table_.forget(forgetting->child));
  if (std::holds_alternative<list_request>(body)) return list(from, id);
  if (std::holds_alternative<shutdown_request>(body)) return shut_down(from, id);
  answer(from, id, system_failure(ENOSYS, "a request that this keeper does not know"));
}

void keeper_server::welcome_or_refuse(connections::iterator who, std::uint64_t id) {
  if (daemon_ != 0 && who->first != daemon_) {
    const auto holder = connections_.at(daemon_).peer;
    send(who->second, id, refused{"the keeper serves another daemon, process " + std::to_string(holder), holder});
    who->second.closing = true;
    return;
  }
  daemon_ = who->first;
  send(who->second, id, welcome{keeper_protocol_version, ::getpid(), boot_id().value_or("")});
}

void keeper_server::start(connection& who, std::uint64_t id, spawn_request&& body) {
  const auto started = table_.start(std::move(body));
  if (!started) return answer(who, id, fail(started.error()));
  send(who, id, held{(*started)->what}, (*started)->handles);
}

void keeper_server::list(connection& who, std::uint64_t id) {
  for (const auto& [number, record] : table_.all()) send(who, id, held{record.what}, record.handles);
  send(who, id, done());
}

void keeper_server::shut_down(connection& who, std::uint64_t id) {
  if (const auto left = table_.living(); left != 0) {
    return answer(who, id, system_failure(EBUSY, std::to_string(left) + (left == 1 ? " child is" : " children are") + " not gone"));
  }
  send(who, id, done());
  ended_ = true;
}

void keeper_server::answer(connection& who, std::uint64_t id, const result<>& outcome) {
  if (outcome) return send(who, id, done());
  const auto code = outcome.error().code();
  const int number = code.category() == std::generic_category() ? code.value() : 0;
  send(who, id, failed{number, outcome.error().to_string()});
}

void keeper_server::send(connection& who, std::uint64_t id, const reply& body, const std::shared_ptr<const child_handles>& handles) {
  // Goes out at the end of this turn. A closed connection shows itself at the next read; what was to be said is in the table.
  who.channel.queue(encode(id, body), handles);
}

void keeper_server::report_changes() {
  for (const auto& change : table_.take_changes()) {
    if (daemon_ != 0) send(connections_.at(daemon_), 0, change);
  }
}

bool keeper_server::can_process(const connection& who) noexcept {
  return !who.closing && who.channel.waiting_out() <= most_waiting && who.channel.has_frame();
}

void keeper_server::update_interest(std::uint64_t number, connection& who) {
  const std::uint32_t wanted = (is_full(who.channel) ? 0U : EPOLLIN) | (who.channel.waiting_out() > 0 ? EPOLLOUT : 0U);
  if (wanted == who.events) return;
  epoll_event event{.events = wanted, .data = {.u64 = number}};
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, who.channel.fd(), &event) == 0) who.events = wanted;
}

void keeper_server::close(std::uint64_t number) {
  if (number == daemon_) daemon_ = 0;
  connections_.erase(number);
}

int keeper_server::milliseconds_to_wait() const {
  const auto has_work = [](const auto& entry) { return can_process(entry.second); };
  if (someone_ended_ || std::ranges::any_of(connections_, has_work)) return 0;
  auto until = table_.next_probe();
  const bool waits_for_first = last_connection_ == first_connection;
  if (waits_for_first && (!until || first_daemon_by_ < *until)) until = first_daemon_by_;
  if (!until) return -1;
  const auto left = std::chrono::ceil<milliseconds>(*until - keeper_table::clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

bool keeper_server::is_idle() const {
  if (!table_.all().empty() || !connections_.empty()) return false;
  const bool somebody_came = last_connection_ != first_connection;
  return somebody_came || asked_to_end_ || keeper_table::clock::now() >= first_daemon_by_;
}

}  // namespace steward::detail
