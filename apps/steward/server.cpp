// SPDX-License-Identifier: Apache-2.0
#include "server.hpp"

#include "connection.hpp"
#include "listen.hpp"
#include "steward/asio/use_task.hpp"
#include "steward/leaf.hpp"
#include "steward/program/detail/spare_descriptors.hpp"
#include "steward/task_scope.hpp"
#include "steward/wait.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

namespace steward {
namespace {

using socket_type = boost::asio::local::stream_protocol::socket;

constexpr std::size_t most_connections = 256;
constexpr std::size_t most_followers = 192;   // the rest is kept for those who are answered at once
constexpr std::size_t most_turned_away = 64;  // and are told so at the same time; beyond that they are hung up on
constexpr std::size_t descriptors_kept = 4;
constexpr std::chrono::milliseconds before_the_next_try(100);

/// Accepts, and decides who is granted how much.
class reception {
 public:
  reception(socket_type::protocol_type::acceptor& acceptor, control& daemon, const std::function<void(const std::string&)>& warn)
      : acceptor_(acceptor), around_{.daemon = daemon, .followers = followers_, .warn = warn} {}

  /// Keeps a descriptor for an answer, before all others are in use.
  result<> keep_one() {
    const auto none_left = spares_.hold(1);
    if (!none_left) return {};
    return fail(
        error(none_left, fmt::format("no descriptor is left for an answer: {}; raise the limit (ulimit -n, LimitNOFILE=)", none_left.message())));
  }

  /// Until the context stops; then it waits for those that it has let in.
  task<> run(context& ctx) {
    task_scope connections(ctx.scheduler());
    result<> outcome;
    while (outcome) {
      if (!spent_) (void)spares_.hold(descriptors_kept);
      auto accepted = co_await acceptor_.async_accept(use_task);
      if (accepted) {
        const bool short_of_descriptors = std::exchange(spent_, false);
        if (!short_of_descriptors) told_ = false;
        if (connections.size() < most_connections + most_turned_away) connections.start(serve(ctx, std::move(*accepted), short_of_descriptors));
      } else if (ctx.is_stopped()) {
        outcome = fail(std::move(accepted.error()));
      } else {
        outcome = co_await make_room(ctx, accepted.error());
      }
    }
    (void)co_await connections.join();
    co_return outcome;
  }

 private:
  task<> serve(context& ctx, socket_type socket, bool short_of_descriptors) {
    auto place = places_.take();
    if (!place && places_.is_news())
      around_.warn(fmt::format("{} connections at a time, and no more are answered; end some, such as those of steward logs -f", places_.most()));
    const welcome granted = !place ? welcome::refused : short_of_descriptors ? welcome::once : welcome::full;
    auto served = co_await serve_connection(ctx, std::move(socket), around_, granted);
    if (short_of_descriptors) (void)spares_.hold(descriptors_kept);  // before somebody else takes what is free now
    co_return served;
  }

  // Out of descriptors, most likely. Who waits is answered with one that was kept; when these are in use too, others will close theirs.
  task<> make_room(context& ctx, const error& why) {
    if (!std::exchange(told_, true))
      around_.warn(
          fmt::format("the socket takes connections one at a time: {}; a unit needs two descriptors: raise the limit (ulimit -n, LimitNOFILE=)",
                      why.to_string()));
    co_await or_return(co_await acceptor_.async_wait(acceptor_.wait_read, use_task));  // nothing is given away before somebody is there to have it
    spent_ = spares_.spend();
    if (spent_) co_return {};
    co_return co_await ctx.sleep_for(before_the_next_try);
  }

  socket_type::protocol_type::acceptor& acceptor_;
  places places_{most_connections};
  places followers_{most_followers};
  connection_surroundings around_;
  detail::spare_descriptors spares_;
  bool spent_ = false;  // one of them, for the connection that is accepted next
  bool told_ = false;   // that they are short
};

}  // namespace

task<> api_server::run(context& ctx, callback ready) {
  auto listening = listen_at(io_, socket_);
  if (!listening) co_return std::move(listening.error());
  struct stat made{};
  const bool known = ::lstat(socket_.c_str(), &made) == 0;
  reception guests(listening->acceptor, daemon_, warn_);
  const auto accept = leaf([&](context& inside) -> task<> {
    co_await or_return(opened_.wait(inside));
    co_return co_await guests.run(inside);
  });
  auto outcome = guests.keep_one();
  if (outcome) outcome = co_await accept.run(ctx, ready);
  struct stat present{};
  if (known && ::lstat(socket_.c_str(), &present) == 0 && present.st_ino == made.st_ino) ::unlink(socket_.c_str());
  co_return outcome;
}

}  // namespace steward
