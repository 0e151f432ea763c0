// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/detail/maybe_error.hpp"

#include <span>

namespace steward::detail {

/// Of several outcomes in the order of their rank, the first error wins, and the others are kept beside it (E3).
class first_error {
 public:
  void add(const result<>& outcome) noexcept {
    if (!outcome) add(outcome.error());
  }

  void add(const error& why) noexcept { first_ = first_.has_value() ? first_->with_lost(std::span(&why, 1)) : why; }

  [[nodiscard]] bool has_value() const noexcept { return first_.has_value(); }

  /// Success if there was none. Leaves it empty.
  [[nodiscard]] result<> take() noexcept { return first_.take(); }

 private:
  maybe_error first_;
};

}  // namespace steward::detail
