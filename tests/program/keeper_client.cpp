// SPDX-License-Identifier: Apache-2.0
#include "keeper_client.hpp"

#include "steward/program/detail/system_error.hpp"

#include <signal.h>

#include <filesystem>

namespace steward::test {

std::string self() { return std::filesystem::read_symlink("/proc/self/exe"); }

keeper_client::keeper_client(keeper_link&& link) : channel_(std::move(link.socket), detail::frame_channel::descriptors::keep), keeper_(link.pid) {}

keeper_client keeper_client::connect_or_start(const std::string& socket) {
  auto link = connect_or_start_keeper(socket, self());
  EXPECT_TRUE(link) << link.error().to_string();
  return keeper_client(link ? std::move(*link) : keeper_link());
}

void keeper_client::send(detail::request body) {
  const auto sent = channel_.send(detail::encode(++last_id_, body));
  EXPECT_TRUE(sent) << sent.error().to_string();
}

std::optional<detail::numbered<detail::reply>> keeper_client::receive() {
  while (!channel_.has_frame()) {
    if (!channel_.flush() || !wait_readable(channel_.fd()) || !channel_.receive()) return std::nullopt;
  }
  const auto frame = channel_.next();
  if (!frame || !*frame) return std::nullopt;
  auto got = detail::decode_reply(**frame);
  EXPECT_TRUE(got) << "the keeper sent a frame that is not well formed";
  return got;
}

detail::reply keeper_client::ask(detail::request body) {
  send(std::move(body));
  while (auto got = receive()) {
    if (const auto* report = std::get_if<detail::changed>(&got->body)) {
      reports_[report->child].push_back(report->state);
    } else if (got->id == last_id_) {
      return std::move(got->body);
    }
  }
  return detail::failed{ECONNRESET, "the keeper closed the connection"};
}

result<> keeper_client::ask_done(detail::request body) {
  const auto answer = ask(std::move(body));
  if (std::holds_alternative<detail::done>(answer)) return {};
  const auto& no = std::get<detail::failed>(answer);
  return fail(error(std::error_code(no.number, std::generic_category()), no.text));
}

told_child keeper_client::with_descriptors(detail::held_child what) {
  auto pidfd = channel_.take_descriptor();
  auto output = channel_.take_descriptor();
  EXPECT_TRUE(pidfd && output);
  return {std::move(what), std::move(pidfd), std::move(output)};
}

result<told_child> keeper_client::spawn(const std::string& key, const program_spec& spec, const std::string& note) {
  auto ready = prepare(spec);
  if (!ready) return fail(ready.error());
  auto answer = ask(detail::spawn_request{key, note, std::uint64_t{1} << 20U, std::move(*ready)});
  if (auto* yes = std::get_if<detail::held>(&answer)) return with_descriptors(std::move(yes->what));
  const auto& no = std::get<detail::failed>(answer);
  return fail(error(std::error_code(no.number, std::generic_category()), no.text));
}

std::vector<told_child> keeper_client::list() {
  std::vector<told_child> all;
  auto answer = ask(detail::list_request());
  while (auto* one = std::get_if<detail::held>(&answer)) {
    all.push_back(with_descriptors(std::move(one->what)));
    auto next = receive();
    if (!next) break;
    answer = std::move(next->body);
  }
  EXPECT_TRUE(std::holds_alternative<detail::done>(answer));
  return all;
}

result<> keeper_client::signal(std::uint64_t child, int signal, bool group) {
  return ask_done(detail::signal_request{child, static_cast<std::uint32_t>(signal), group});
}

result<> keeper_client::forget(std::uint64_t child) { return ask_done(detail::forget_request{child}); }
result<> keeper_client::shut_down() { return ask_done(detail::shutdown_request()); }

program_exit keeper_client::wait_gone(std::uint64_t child) {
  const auto is_gone = [&] { return !reports_[child].empty() && reports_[child].back().phase == detail::held_phase::gone; };
  while (!is_gone()) {
    const auto got = receive();
    if (!got) {
      ADD_FAILURE() << "no report of child " << child;
      return {};
    }
    if (const auto* report = std::get_if<detail::changed>(&got->body)) reports_[report->child].push_back(report->state);
  }
  const auto status = reports_[child].back().status;
  EXPECT_TRUE(status);
  const auto forgotten = forget(child);
  EXPECT_TRUE(forgotten) << forgotten.error().to_string();
  return status.value_or(program_exit());
}

void keeper_client::clean_up() {
  for (const auto& child : list()) {
    (void)signal(child.what.child, SIGKILL, true);
    if (child.what.state.phase == detail::held_phase::gone)
      EXPECT_TRUE(forget(child.what.child));
    else
      (void)wait_gone(child.what.child);
  }
  const auto ended = shut_down();
  EXPECT_TRUE(ended) << ended.error().to_string();
}

}  // namespace steward::test
