// SPDX-License-Identifier: Apache-2.0
//
// A few descriptors kept for the moment when there are no others.
#pragma once

#include <cstddef>
#include <system_error>
#include <vector>

namespace steward::detail {

/// Holds open what nobody needs, so that it can be closed in favour of somebody who has to be answered.
///
/// Threads: all on one.
class spare_descriptors {
 public:
  spare_descriptors() = default;
  spare_descriptors(const spare_descriptors&) = delete;
  spare_descriptors& operator=(const spare_descriptors&) = delete;
  ~spare_descriptors();

  /// Opens or closes until there are `count`.
  /// Shape: empty when there are.  Errors: those of `open`; then there are as many as there was room for.
  [[nodiscard]] std::error_code hold(std::size_t count);

  /// Closes one, for the caller to use. False when none is left.
  [[nodiscard]] bool spend();

 private:
  std::vector<int> held_;
};

}  // namespace steward::detail
