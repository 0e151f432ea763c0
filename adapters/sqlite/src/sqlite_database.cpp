// SPDX-License-Identifier: Apache-2.0
#include "steward/sqlite/sqlite_database.hpp"

#include "sqlite_worker.hpp"
#include "steward/sqlite/detail/sqlite_session.hpp"

#include <utility>

namespace steward {
namespace {

/// Does nothing but reach the file.
class empty_job final : public detail::database_job {
 public:
  using database_job::database_job;

 private:
  result<> run(detail::sqlite_session& session) override {
    session.touch();
    return {};
  }
};

}  // namespace

sqlite_database::sqlite_database(const std::filesystem::path& file, sqlite_options options)
    : worker_(std::make_unique<detail::sqlite_worker>(file, std::move(options))) {}

sqlite_database::~sqlite_database() = default;

task<> sqlite_database::open(context& ctx) {
  empty_job job(detail::job_kind::open);
  co_return co_await perform(ctx, job);
}

task<> sqlite_database::close(context& ctx) {
  empty_job job(detail::job_kind::close);
  co_return co_await perform(ctx, job);
}

task<> sqlite_database::check(context& ctx) {
  empty_job job(detail::job_kind::read);
  co_return co_await perform(ctx, job);
}

std::unique_ptr<table_watch> sqlite_database::watch(table_hint<detail::row_name> hint) { return worker_->watch(std::move(hint)); }

std::optional<database_trouble> sqlite_database::trouble() const { return worker_->trouble(); }

const std::filesystem::path& sqlite_database::path() const noexcept { return worker_->path(); }

}  // namespace steward
