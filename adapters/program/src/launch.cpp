// SPDX-License-Identifier: Apache-2.0
#include "steward/program/launch.hpp"

#include "steward/program/detail/system_error.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>

namespace steward {
namespace {

constexpr std::string_view default_path = "/usr/local/bin:/usr/bin:/bin";  // where `PATH` is not set at all

std::unexpected<error> refuse(const std::string& text) {
  return fail(error(std::make_error_code(std::errc::invalid_argument), std::string(to_string(launch_stage::resolve)) + " " + text));
}

result<> check(const program_spec& spec) {
  constexpr char nul = '\0';
  if (spec.command.empty() || spec.command.front().empty()) return refuse("the command: it is empty; it needs at least the name of a program");
  for (const auto& argument : spec.command) {
    if (argument.contains(nul)) return refuse(spec.command.front() + ": an argument contains a zero byte");
  }
  if (spec.directory.contains(nul)) return refuse(spec.command.front() + ": the directory contains a zero byte");
  for (const auto& [name, value] : spec.environment) {
    if (name.empty() || name.contains('=') || name.contains(nul) || value.contains(nul)) {
      return refuse(spec.command.front() + ": the environment variable `" + name + "` has no usable name or value: no `=` in the name, no zero byte");
    }
  }
  return {};
}

std::vector<std::string> merged_environment(const std::map<std::string, std::string>& ours) {
  std::vector<std::string> merged;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (!ours.contains(std::string(text.substr(0, text.find('='))))) merged.emplace_back(text);
  }
  for (const auto& [name, value] : ours) merged.push_back(name + "=" + value);
  return merged;
}

std::string_view path_variable(const std::vector<std::string>& environment) noexcept {
  constexpr std::string_view name = "PATH=";
  for (const auto& entry : environment) {
    if (entry.starts_with(name)) return std::string_view(entry).substr(name.size());
  }
  return default_path;
}

/// 0, or why it cannot be executed.
int not_executable(const std::string& file) noexcept {
  struct stat about{};
  if (::stat(file.c_str(), &about) != 0) return errno;
  if (S_ISDIR(about.st_mode)) return EISDIR;
  return ::faccessat(AT_FDCWD, file.c_str(), X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

result<std::string> look_up(const std::string& name, std::string_view path, const std::string& directory) {
  std::string found_but;  // what has the name but cannot be executed, as the shells report it
  for (auto rest = path;;) {
    const auto end = rest.find(':');
    const std::string folder(rest.substr(0, end));
    const auto base = folder.starts_with('/') ? folder : directory + "/" + folder;  // relative ones, and the empty one, mean the child's directory
    auto candidate = base + (base.ends_with('/') ? "" : "/") + name;
    const int problem = not_executable(candidate);
    if (problem == 0) return candidate;
    if (problem != ENOENT && problem != ENOTDIR && found_but.empty()) found_but = candidate + ": " + std::generic_category().message(problem);
    if (end == std::string_view::npos) break;
    rest.remove_prefix(end + 1);
  }
  const bool denied = !found_but.empty();
  const auto code = std::make_error_code(denied ? std::errc::permission_denied : std::errc::no_such_file_or_directory);
  return fail(error(code, "resolve " + name + ": " + (denied ? found_but : "not found in PATH (" + std::string(path) + ")")));
}

}  // namespace

std::string_view to_string(launch_stage stage) noexcept {
  constexpr std::array<std::string_view, 4> names{"resolve", "directory", "limits", "exec"};
  return names[static_cast<std::size_t>(stage)];
}

result<launch> prepare(const program_spec& spec) {
  if (const auto usable = check(spec); !usable) return fail(usable.error());
  std::error_code no_directory;
  const auto here = std::filesystem::current_path(no_directory);
  if (no_directory) return detail::system_failure(no_directory.value(), "directory: that of this process");
  const auto directory = spec.directory.empty() ? here : here / spec.directory;
  launch ready{spec.command.front(), spec.command, merged_environment(spec.environment), directory.string()};
  if (ready.path.contains('/')) return ready;
  auto found = look_up(ready.path, path_variable(ready.environment), ready.directory);
  if (!found) return fail(found.error());
  ready.path = std::move(*found);
  return ready;
}

}  // namespace steward
