// SPDX-License-Identifier: Apache-2.0
#include "steward/program/detail/untold.hpp"

#include "steward/program/detail/proc_stat.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <filesystem>
#include <map>
#include <string>
#include <system_error>
#include <tuple>

namespace steward::detail {
namespace {

std::map<pid_t, proc_stat> members_of(pid_t session) {
  std::map<pid_t, proc_stat> members;
  std::error_code unreadable;
  for (std::filesystem::directory_iterator at("/proc", unreadable), end; !unreadable && at != end; at.increment(unreadable)) {
    const std::string name = at->path().filename();
    pid_t pid = 0;
    if (const auto [rest, wrong] = std::from_chars(name.data(), name.data() + name.size(), pid); wrong != std::errc() || *rest != '\0') continue;
    if (const auto found = read_proc_stat(pid); found && found->session == session) members.emplace(pid, *found);
  }
  return members;
}

}  // namespace

std::uint64_t ticks_after_boot() noexcept {
  constexpr std::uint64_t second = 1'000'000'000;
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  const auto a_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  return static_cast<std::uint64_t>(now.tv_sec) * a_second + static_cast<std::uint64_t>(now.tv_nsec) * a_second / second;
}

std::vector<process_identity> started_by(pid_t keeper, std::uint64_t since) {
  const auto members = members_of(keeper);
  const auto boot = boot_id().value_or("");
  std::vector<process_identity> found;
  for (const auto& [pid, stat] : members) {
    const bool is_program = pid == stat.group && pid != keeper && (stat.parent == keeper || !members.contains(stat.parent));
    if (is_program && stat.start_time >= since) found.push_back({boot, pid, stat.start_time});
  }
  std::ranges::sort(found, {}, [](const process_identity& each) { return std::tuple(each.start_time, each.pid); });
  return found;
}

}  // namespace steward::detail
