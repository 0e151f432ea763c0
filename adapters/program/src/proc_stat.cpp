// SPDX-License-Identifier: Apache-2.0
#include "steward/program/detail/proc_stat.hpp"

#include "steward/detail/unique_fd.hpp"
#include "steward/program/detail/system_error.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

namespace steward::detail {
namespace {

/// Takes the next field off the front of `rest`.
std::string_view next_field(std::string_view& rest) noexcept {
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  const auto length = std::min(rest.find(' '), rest.size());
  const auto field = rest.substr(0, length);
  rest.remove_prefix(length);
  return field;
}

template <class Number>
bool parse(std::string_view field, Number& into) noexcept {
  const auto [end, failure] = std::from_chars(field.data(), field.data() + field.size(), into);
  return failure == std::errc() && end != field.data();
}

}  // namespace

std::optional<proc_stat> parse_proc_stat(std::string_view text) noexcept {
  constexpr int parent_field = 4;
  constexpr int group_field = 5;
  constexpr int session_field = 6;
  constexpr int start_time_field = 22;
  const auto name_end = text.rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  auto rest = text.substr(name_end + 1);
  const auto state = next_field(rest);
  if (state.size() != 1) return std::nullopt;
  proc_stat found{.state = state.front()};
  for (int field = parent_field; field <= start_time_field; ++field) {
    const auto content = next_field(rest);
    if (field == parent_field && !parse(content, found.parent)) return std::nullopt;
    if (field == group_field && !parse(content, found.group)) return std::nullopt;
    if (field == session_field && !parse(content, found.session)) return std::nullopt;
    if (field == start_time_field && !parse(content, found.start_time)) return std::nullopt;
  }
  return found;
}

result<proc_stat> read_proc_stat(pid_t pid) {
  const auto path = "/proc/" + std::to_string(pid) + "/stat";
  const auto text = read_small_file(path.c_str());
  if (!text) {
    const bool gone = text.error().is(std::make_error_code(std::errc::no_such_file_or_directory));
    return gone ? system_failure(ESRCH, "process " + std::to_string(pid)) : fail(text.error());
  }
  const auto found = parse_proc_stat(*text);
  if (!found) return fail(error("unexpected content of " + path));
  return *found;
}

result<std::string> read_small_file(const char* path) {
  const unique_fd file(::open(path, O_RDONLY | O_CLOEXEC));
  if (!file) return system_failure(errno, path);
  std::array<char, 1024> buffer;
  const ssize_t length = ::read(file.get(), buffer.data(), buffer.size());
  if (length < 0) return system_failure(errno, path);
  return std::string(buffer.data(), static_cast<std::size_t>(length));
}

}  // namespace steward::detail
