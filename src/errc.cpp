// SPDX-License-Identifier: Apache-2.0
#include "steward/errc.hpp"

#include <array>
#include <string>

namespace steward {
namespace {

constexpr std::array<const char*, 18> texts{
    "success",
    "process: manager is not running",
    "process: process not found",
    "process: process is not running",
    "process: process already exists",
    "process: invalid process state",
    "stopped",
    "callback already called",
    "ended before it was ready",
    "would wait for itself",
    "empty runnable",
    "not found",
    "unreadable",
    "iterator is not at a row",
    "resource is not ready",
    "failed",
    "exception",
    "out of memory",
};
static_assert(texts.size() == static_cast<std::size_t>(errc::out_of_memory) + 1);

constexpr std::array<std::string_view, 8> reasons{
    "requested", "deadline", "dependency_lost", "sibling_failed", "lease_lost", "superseded", "removed", "shutdown",
};
static_assert(reasons.size() == static_cast<std::size_t>(stop_reason::shutdown) + 1);

class steward_category final : public std::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "steward"; }
  [[nodiscard]] std::string message(int value) const override {
    const auto index = static_cast<std::size_t>(value);
    return index < texts.size() ? texts.at(index) : "unknown";
  }
};

}  // namespace

std::string_view to_string(stop_reason reason) noexcept { return reasons[static_cast<std::size_t>(reason)]; }

const std::error_category& category() noexcept {
  static const steward_category instance;
  return instance;
}

std::error_code make_error_code(errc code) noexcept { return {static_cast<int>(code), category()}; }

}  // namespace steward
