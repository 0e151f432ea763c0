// SPDX-License-Identifier: Apache-2.0
#include "support.hpp"

#include <stdlib.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace steward::test {

temporary_folder::temporary_folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "steward_sqlite_XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::system_error(errno, std::generic_category(), pattern);
  path_ = pattern;
}

temporary_folder::~temporary_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void write_file(const std::filesystem::path& file, const std::string& content) { std::ofstream(file, std::ios::binary | std::ios::trunc) << content; }

std::string read_file(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

task<std::map<std::string, std::string>> content(context& ctx, table<std::string, std::string>& rows) {
  std::map<std::string, std::string> found;
  auto at = rows.iterate();
  while (co_await at.next(ctx)) {
    const auto& entry = **at.get();
    std::string text = entry.content ? *entry.content->value : entry.content.error().to_string();
    if (entry.content && entry.content->wanted == wanted::down) text += " (down)";
    EXPECT_TRUE(found.emplace(entry.key, text).second) << entry.key << " came twice";
  }
  if (at.err()) co_return *at.err();
  co_return found;
}

SQLite::Database other(const std::filesystem::path& file) { return {file.string(), SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE}; }

int fewer_if_sanitized(int count) { return std::getenv("STEWARD_SANITIZED") != nullptr ? count / 10 : count; }  // NOLINT(concurrency-mt-unsafe)

}  // namespace steward::test
