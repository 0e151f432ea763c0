// SPDX-License-Identifier: Apache-2.0
#include "steward/sqlite/sqlite_state.hpp"

#include "steward/sqlite/detail/sqlite_session.hpp"

#include <iterator>
#include <optional>
#include <utility>

namespace steward {
namespace {

using detail::sqlite_session;

/// A job that is one function of the session.
template <class Body>
class session_job final : public detail::database_job {
 public:
  session_job(detail::job_kind kind, Body body) noexcept : database_job(kind), body_(std::move(body)) {}

 private:
  result<> run(sqlite_session& session) override {
    body_(session);
    return {};
  }

  Body body_;
};

}  // namespace

task<std::string> sqlite_state::get(context& ctx, std::string key, std::string name) {
  std::optional<std::string> found;
  session_job job(detail::job_kind::read, [&](sqlite_session& session) { found = session.remembered(key, name); });
  auto done = co_await database_->perform(ctx, job);
  if (!done) co_return std::move(done.error());
  if (!found) co_return errc::not_found;
  co_return std::move(*found);
}

task<> sqlite_state::put(context& ctx, std::string key, std::string name, std::string value) {
  const state_entry entry{std::move(key), std::move(name), std::move(value)};
  session_job job(detail::job_kind::write, [&](sqlite_session& session) { session.remember(entry); });
  co_return co_await database_->perform(ctx, job);
}

task<> sqlite_state::put(context& ctx, std::vector<state_entry> entries) {
  session_job job(detail::job_kind::write, [&](sqlite_session& session) {
    for (const auto& entry : entries) session.remember(entry);
  });
  co_return co_await database_->perform(ctx, job);
}

task<> sqlite_state::forget(context& ctx, std::string key) {
  session_job job(detail::job_kind::write, [&](sqlite_session& session) { session.forget(key); });
  co_return co_await database_->perform(ctx, job);
}

task<> sqlite_state::forget(context& ctx, std::vector<std::pair<std::string, std::string>> which) {
  session_job job(detail::job_kind::write, [&](sqlite_session& session) {
    for (const auto& [key, name] : which) session.forget(key, name);
  });
  co_return co_await database_->perform(ctx, job);
}

task<std::vector<state_entry>> sqlite_state::scan(context& ctx) {
  std::vector<state_entry> all;
  std::vector<state_entry> page;
  std::optional<state_entry> last;
  session_job job(detail::job_kind::read, [&](sqlite_session& session) { page = session.remembered_page(last); });
  for (;;) {
    auto done = co_await database_->perform(ctx, job);
    if (!done) co_return std::move(done.error());
    if (page.empty()) co_return std::move(all);
    last = page.back();
    all.insert(all.end(), std::move_iterator(page.begin()), std::move_iterator(page.end()));
  }
}

}  // namespace steward
