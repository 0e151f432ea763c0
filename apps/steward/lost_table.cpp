// SPDX-License-Identifier: Apache-2.0
#include "lost_table.hpp"

#include <fmt/format.h>

#include <string>
#include <system_error>

namespace steward {
namespace {

constexpr std::size_t most_named = 5;

// SQLite writes into the file itself before it has a first table. What cannot be looked at is the database's own affair.
bool is_unused(const std::filesystem::path& database) {
  std::error_code unknown;
  return std::filesystem::is_empty(database, unknown) && !unknown;
}

}  // namespace

std::optional<error> lost_table(const std::filesystem::path& database, const keeper_spawner::left_programs& left) {
  if (!is_unused(database)) return std::nullopt;
  std::size_t living = 0;
  std::string names;
  std::string groups;
  for (const auto& [key, each] : left) {
    if (each->is_gone() || ++living > most_named) continue;
    names += fmt::format("{}{} (pid {})", names.empty() ? "" : ", ", key, each->what.pid);
    groups += fmt::format(" -{}", each->what.pid);  // with all that it has started, also where it has ended itself
  }
  if (living == 0) return std::nullopt;
  if (living > most_named) {
    names += fmt::format(" and {} more", living - most_named);
    groups += " ...";
  }
  return error(fmt::format(
      "database {}: there was none, but {} that {} started from it: {}; put the file back, or end what runs (kill --{}), and start "
      "again",
      database.string(), living == 1 ? "a program runs on" : fmt::format("{} programs run on", living), living == 1 ? "was" : "were", names, groups));
}

}  // namespace steward
