// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/detail/running_name.hpp"
#include "steward/result.hpp"

#include <memory>
#include <string>

namespace steward::detail {

/// What every resource has, whatever its type: a name, and the value while it is held.
class resource_slot {
 public:
  explicit resource_slot(std::string name) : name_(std::move(name)) {}

  void hold(std::shared_ptr<void> value) noexcept;
  void drop() noexcept;

  /// Any thread.
  [[nodiscard]] result<std::shared_ptr<void>> get() const;

  [[nodiscard]] error in_use() const;
  [[nodiscard]] error named(const error& why) const;
  [[nodiscard]] result<> judge(const result<>& used, const result<>& closed) const;

 private:
  friend class resource_claim;

  std::string name_;
  mutable spin_lock lock_;
  bool claimed_ = false;
  std::shared_ptr<void> value_;
};

/// The right of one run to a slot, listed by the name of the resource among those who have not ended. False: another run has it.
class resource_claim {
 public:
  resource_claim(resource_slot& slot, context& ctx) noexcept;
  ~resource_claim();

  explicit operator bool() const noexcept { return claimed_; }

 private:
  resource_slot& slot_;
  bool claimed_;
  running_name listed_;
};

}  // namespace steward::detail
