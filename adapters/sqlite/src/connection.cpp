// SPDX-License-Identifier: Apache-2.0
#include "connection.hpp"

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

namespace steward::detail {
namespace {

constexpr const char* settings_sql =
    "pragma trusted_schema = off;"
    "pragma cell_size_check = on;"
    "pragma temp_store = memory;"
    "pragma synchronous = full;"              // an acknowledged write has been flushed
    "pragma journal_size_limit = 67108864;";  // what a huge edit leaves behind, in bytes

constexpr const char* read_only_sql = "pragma query_only = on";

std::string hexadecimal(std::int32_t number) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "0x%08x", static_cast<unsigned>(number));
  return text.data();
}

}  // namespace

std::expected<std::unique_ptr<connection>, failure> connection::open(const std::filesystem::path& file, const opening& how) {
  if (auto usable = prepare_file(file, how.create); !usable) return std::unexpected(failure{failure_kind::lost, std::move(usable.error())});
  opening checked = how;
  checked.thorough = how.thorough || (how.how == access::write && was_left_open(file));
  std::unique_ptr<connection> made;
  try {
    made.reset(new connection(file));
    if (auto accepted = made->accept(checked); !accepted) return std::unexpected(failure{failure_kind::lost, std::move(accepted.error())});
    return made;
  } catch (const SQLite::Exception& thrown) {
    if (!made) return std::unexpected(failure_of(file, thrown.getExtendedErrorCode(), 0, thrown.what()));
    auto what = made->failure_now(thrown);
    if (what.kind == failure_kind::lost) made->abandon();
    return std::unexpected(std::move(what));
  }
}

// Without the flag to create: a file that vanishes at this moment must not come back empty.
connection::connection(const std::filesystem::path& file)
    : file_(file), wal_(file), database_(file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_NOMUTEX) {
  wal_ += "-wal";
  sqlite3_db_config(database_.getHandle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  constexpr int steps_between_looks = 1000;  // of SQLite's machine: some microseconds
  sqlite3_progress_handler(database_.getHandle(), steps_between_looks, &look_for_interruption, this);
}

int connection::look_for_interruption(void* self) noexcept {
  return static_cast<connection*>(self)->interrupted_.load(std::memory_order_relaxed) ? 1 : 0;
}

connection::~connection() = default;

std::unexpected<error> connection::refused(const std::string& text) const { return fail(database_error(file_, errc::unreadable, text)); }

schema_marks connection::marks() {
  schema_marks found;
  found.application_id = database_.execAndGet("pragma application_id").getInt();
  found.version = database_.execAndGet("pragma user_version").getInt();
  found.objects = database_.execAndGet("select count(*) from sqlite_schema").getInt64();
  return found;
}

result<> connection::accept(const opening& how) {
  if (auto ours = accept_marks(how); !ours) return ours;
  if (sqlite3_db_readonly(database_.getHandle(), "main") != 0) return fail(failure_of(file_, SQLITE_READONLY, 0, "").why);
  if (auto wal = use_wal(); !wal) return wal;
  database_.exec(settings_sql);
  if (judge(marks(), known_version()) != schema_verdict::current) migrate();
  return accept_content(how);
}

result<> connection::accept_marks(const opening& how) {
  const auto found = marks();
  switch (judge(found, known_version())) {
    case schema_verdict::newer:
      return refused("has schema version " + std::to_string(found.version) + ", this program knows up to " + std::to_string(known_version()) +
                     "; use a newer version of this program");
    case schema_verdict::foreign:
      return refused("belongs to another program (application id " + hexadecimal(found.application_id) + "); give another path");
    case schema_verdict::fresh:
      if (!how.create) return refused("replaced by an empty file while in use; put the database back");
      return {};
    default:
      return {};
  }
}

result<> connection::use_wal() {
  const std::string mode = database_.execAndGet("pragma journal_mode = wal").getString();
  if (mode == "wal") return {};
  return refused("cannot be used with a write-ahead log (its mode stays " + mode + "); it has to be on a local file system");
}

// The marks are read again inside: another process may have been faster.
void connection::migrate() {
  SQLite::Statement(database_, "begin immediate").exec();
  try {
    const auto found = marks();
    const auto steps = migrations();
    for (auto version = static_cast<std::size_t>(found.version); version < steps.size(); ++version) database_.exec(steps[version]);
    database_.exec("pragma application_id = " + std::to_string(our_application_id));
    database_.exec("pragma user_version = " + std::to_string(known_version()));
    database_.exec("commit");
  } catch (...) {
    roll_back();
    throw;
  }
}

result<> connection::accept_content(const opening& how) {
  if (how.thorough && std::string_view(database_.execAndGet("pragma quick_check(1)").getText()) != "ok")
    return fail(failure_of(file_, SQLITE_CORRUPT, 0, "its check fails").why);
  statements_.emplace(database_);
  database_id_ = database_.execAndGet("select value from steward_meta where name = 'database_id'").getString();
  if (!how.database_id.empty() && how.database_id != database_id_)
    return refused("replaced by another database while in use; put the first one back, or restart to use this one");
  version_ = data_version();
  {
    query last(sql().get_generation);
    if (!last.next()) return refused("has no counter of generations; restore it from a backup");
    seen_ = static_cast<std::uint64_t>(last.integer(0));
  }
  highest_ = std::max(how.generation, seen_);
  file_identity_ = identity_of(file_);
  wal_identity_ = identity_of(wal_);
  if (how.how == access::read) database_.exec(read_only_sql);
  return {};
}

presence connection::look() const noexcept {
  const auto now = identity_of(file_);
  if (!now) return presence::gone;
  if (now != file_identity_ || identity_of(wal_) != wal_identity_) return presence::elsewhere;
  constexpr std::string_view magic("SQLite format 3\0", 16);
  std::array<char, magic.size()> begin{};
  sqlite3_file* file = nullptr;
  sqlite3_file_control(database_.getHandle(), "main", SQLITE_FCNTL_FILE_POINTER, static_cast<void*>(&file));
  const int read = file->pMethods->xRead(file, begin.data(), static_cast<int>(begin.size()), 0);
  if (read != SQLITE_OK || std::string_view(begin.data(), begin.size()) != magic) return presence::overwritten;
  return presence::here;
}

void connection::drop_pages() noexcept { sqlite3_db_release_memory(database_.getHandle()); }

void connection::settle() noexcept { sqlite3_wal_checkpoint_v2(database_.getHandle(), nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr); }

void connection::abandon() noexcept { sqlite3_db_config(database_.getHandle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr); }

void connection::interrupt() noexcept {
  interrupted_.store(true, std::memory_order_relaxed);
  sqlite3_interrupt(database_.getHandle());
}

failure connection::failure_now(const SQLite::Exception& thrown) const {
  return failure_of(file_, thrown.getExtendedErrorCode(), sqlite3_system_errno(database_.getHandle()), thrown.what());
}

void connection::begin() {
  generation_.reset();
  edits_ = {};
  query(sql().begin).run();
}

void connection::commit() {
  if (generation_) query(sql().set_generation, static_cast<std::int64_t>(*generation_)).run();
  query(sql().commit).run();
  if (!generation_) return;
  highest_ = *generation_;
  if (seen_ == before_) seen_ = highest_;  // else others have edited before us, and are still to be looked at
}

void connection::roll_back() noexcept {
  if (in_transaction()) database_.tryExec("rollback");
}

bool connection::in_transaction() const noexcept { return sqlite3_get_autocommit(database_.getHandle()) == 0; }

void connection::save() {
  query(sql().save).run();
  saved_ = edits_.names().size();
}

void connection::undo() {
  edits_.keep_first(saved_);
  query(sql().undo).run();
  release();
}

// Read anew in each transaction, because another process may have edited.
std::uint64_t connection::next_generation(const std::string& table, const stored_key& key) {
  if (!generation_) {
    before_ = stored_generation();
    generation_ = std::max(highest_, before_);
  }
  edits_.add({table, key});
  return ++*generation_;
}

std::uint64_t connection::stored_generation() {
  query last(sql().get_generation);
  return last.next() ? static_cast<std::uint64_t>(last.integer(0)) : 0;
}

// It changes with the commits of other connections, and not with ours.
std::int64_t connection::data_version() {
  query version(sql().data_version);
  return version.next() ? version.integer(0) : 0;
}

std::optional<row_edits> connection::edits_of_others() {
  if (data_version() == version_) return std::nullopt;
  query(sql().begin_read).run();
  try {
    const auto version = data_version();
    auto found = rows_behind_seen();
    query(sql().commit).run();
    version_ = version;
    return found;
  } catch (...) {
    roll_back();
    throw;
  }
}

// Each edit takes a generation, and a row that is there has the last one of its own. So when fewer rows than generations are found, a row was
// removed, or edited twice; when none is, somebody has edited by hand, or moved the log into the file.
row_edits connection::rows_behind_seen() {
  row_edits found;
  const auto last = stored_generation();
  {
    query rows(sql().newer_rows, static_cast<std::int64_t>(seen_), static_cast<std::int64_t>(row_edits::most + 1));
    while (rows.next()) found.add({std::string(rows.text(0)), rows.key(1)});
  }
  if (last <= seen_ || found.names().size() != last - seen_) found.add_any();
  seen_ = last;
  return found;
}

}  // namespace steward::detail
