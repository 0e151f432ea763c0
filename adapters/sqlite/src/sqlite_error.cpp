// SPDX-License-Identifier: Apache-2.0
#include "sqlite_error.hpp"

#include <sqlite3.h>

#include <cerrno>
#include <string>

namespace steward::detail {
namespace {

constexpr int primary(int code) { return code & 0xff; }

// Without room for the WAL or its index SQLite reports an input/output error; what the system said tells it apart from a broken disk.
bool is_full(int code, int system_error) {
  if (primary(code) == SQLITE_FULL) return true;
  return primary(code) == SQLITE_IOERR && (system_error == ENOSPC || system_error == EDQUOT);
}

std::string with_reason(std::string_view text, int system_error) {
  std::string whole(text);
  if (system_error != 0) whole += " (" + std::generic_category().message(system_error) + ")";
  return whole;
}

}  // namespace

error database_error(const std::filesystem::path& file, std::error_code code, std::string_view text) {
  return {code, "database " + file.string() + ": " + std::string(text)};
}

error not_a_database(const std::filesystem::path& file) {
  return database_error(file, errc::unreadable, "not a SQLite database; give another path, or move that file away");
}

failure failure_of(const std::filesystem::path& file, int code, int system_error, std::string_view text) {
  const auto told = [&](failure_kind kind, std::error_code as, std::string_view what) { return failure{kind, database_error(file, as, what)}; };
  if (is_full(code, system_error))
    return told(failure_kind::request, std::make_error_code(std::errc::no_space_on_device),
                "the disk is full, or a quota is reached; nothing was stored; make room");
  switch (primary(code)) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return told(failure_kind::locked, std::make_error_code(std::errc::device_or_resource_busy),
                  "locked by another process; nothing was changed; end that process's transaction and try again");
    case SQLITE_INTERRUPT:
      return told(failure_kind::interrupted, errc::stopped, "interrupted");
    case SQLITE_NOTADB:
      return {failure_kind::lost, not_a_database(file)};
    case SQLITE_CORRUPT:
      return told(failure_kind::lost, errc::unreadable, "damaged (" + std::string(text) + "); restore it from a backup");
    case SQLITE_READONLY:
      return told(failure_kind::lost, std::make_error_code(std::errc::read_only_file_system),
                  "cannot be written; the file and its directory have to be writable for this user");
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return told(failure_kind::lost, std::make_error_code(std::errc::permission_denied),
                  with_reason("cannot be opened", system_error) + "; the file and its directory have to be readable and writable for this user");
    case SQLITE_IOERR:
    case SQLITE_PROTOCOL:
      return told(failure_kind::lost, std::make_error_code(std::errc::io_error),
                  with_reason(text, system_error) + "; whether it was stored is not known; check the disk");
    case SQLITE_TOOBIG:
      return told(failure_kind::request, std::make_error_code(std::errc::value_too_large),
                  "a key or value is larger than 1000000000 bytes; nothing was changed");
    case SQLITE_NOMEM:
      return failure{failure_kind::request, errc::out_of_memory};
    default:
      return told(failure_kind::request, errc::failed, text);
  }
}

}  // namespace steward::detail
