// SPDX-License-Identifier: Apache-2.0
//
// Who holds the processes that outlive a simulated manager, until the next one takes them over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace steward::testing {

/// One process, by all that tells it from others.
struct simulated_process {
  std::size_t key;
  std::uint64_t generation;
  std::uint64_t number;
  std::uint32_t version;
  std::size_t begun = 0;  ///< where in the trace
};

/// At most one process of a key, as nobody takes two over.
///
/// Threads: one.
class simulated_keeper {
 public:
  void keep(const std::string& name, const simulated_process& what) { kept_.emplace(name, what); }

  /// Empty if there is none.  Lifetime: until it is let go.
  [[nodiscard]] const simulated_process* find(const std::string& name) const {
    const auto found = kept_.find(name);
    return found == kept_.end() ? nullptr : &found->second;
  }

  [[nodiscard]] std::optional<simulated_process> let_go(const std::string& name) {
    const auto found = kept_.extract(name);
    return found.empty() ? std::nullopt : std::optional(found.mapped());
  }

 private:
  std::map<std::string, simulated_process> kept_;
};

}  // namespace steward::testing
