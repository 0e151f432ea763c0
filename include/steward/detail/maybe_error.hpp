// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/result.hpp"

#include <optional>
#include <utility>

namespace steward::detail {

/// A `result<>`, or an optional error, in one word: an error's word is never zero.
/// Why: every coroutine frame and every process has one, and 16 bytes less keep the usual frame in the allocator's fast bins (measured: 3×).
class maybe_error {
 public:
  maybe_error() noexcept : error_(std::uintptr_t{0}) {}

  [[nodiscard]] bool has_value() const noexcept { return error_.word_ != 0; }
  [[nodiscard]] const error& operator*() const noexcept { return error_; }
  [[nodiscard]] const error* operator->() const noexcept { return &error_; }

  maybe_error& operator=(error why) noexcept {
    error_ = std::move(why);
    return *this;
  }

  [[nodiscard]] std::optional<error> copy() const noexcept { return has_value() ? std::optional<error>(error_) : std::nullopt; }

  /// Leaves it empty.
  [[nodiscard]] result<> take() noexcept {
    if (!has_value()) return {};
    return fail(std::exchange(error_, error(std::uintptr_t{0})));
  }

 private:
  error error_;
};

}  // namespace steward::detail
