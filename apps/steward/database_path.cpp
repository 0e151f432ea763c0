// SPDX-License-Identifier: Apache-2.0
#include "database_path.hpp"

#include "client.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <system_error>

namespace steward {

std::string file_behind(const std::string& path) {
  constexpr int most_links = 40;  // as the system follows
  std::filesystem::path file(path);
  for (int links = 0; links <= most_links; ++links) {
    std::error_code no_link;
    const auto target = std::filesystem::read_symlink(file, no_link);
    if (no_link) return file.string();
    file = file.parent_path() / target;
  }
  return path;
}

std::string keeper_path(const std::filesystem::path& database) { return database.string() + ".keeper"; }

result<> check_database_path(const std::filesystem::path& database) {
  std::error_code no_folder;
  const std::string whole = std::filesystem::absolute(database, no_folder).string();
  const std::size_t longest = longest_socket_path - keeper_path({}).size();
  if (whole.size() <= longest) return {};
  return fail(
      error(fmt::format("the database's path {} has {} bytes, and with the keeper's socket beside it at most {} are possible; choose a shorter "
                        "one with --db, such as one by a link to its folder",
                        printable(whole), whole.size(), longest)));
}

}  // namespace steward
