// SPDX-License-Identifier: Apache-2.0
//
// A few descriptors kept for the moment when there are no others.
#pragma once

#include <cstddef>
#include <vector>

namespace steward {

/// Holds open what nobody needs, so that it can be closed in favour of somebody who has to be answered.
///
/// Threads: all on one.
class spare_descriptors {
 public:
  explicit spare_descriptors(std::size_t most) : most_(most) { refill(); }
  spare_descriptors(const spare_descriptors&) = delete;
  spare_descriptors& operator=(const spare_descriptors&) = delete;
  ~spare_descriptors();

  /// Closes one, for the caller to use. False when none is left.
  [[nodiscard]] bool spend();

  /// Opens as many again as there is room for.
  void refill();

 private:
  std::size_t most_;
  std::vector<int> held_;
};

}  // namespace steward
