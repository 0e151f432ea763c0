// SPDX-License-Identifier: Apache-2.0
//
// Room for the descriptors that the keeper's answers bring.
#pragma once

#include "steward/program/detail/spare_descriptors.hpp"
#include "steward/result.hpp"

#include <cstddef>
#include <string_view>

namespace steward::detail {

/// What the daemon has no descriptors for, with its limit: `limits: two descriptors for its end and its output, of which the daemon may have 64
/// (ulimit -n, LimitNOFILE=): Too many open files`. `number` is the `errno` of it.
[[nodiscard]] error too_few_descriptors(std::string_view what, int number);

/// The same for the start of one program, with the stage that it failed in.
[[nodiscard]] error too_few_descriptors_for_a_program(int number);

/// Keeps the two descriptors free that the answer to a start brings, from before it is asked for until it is here: a program that nobody could watch
/// is better not started.
///
/// Threads: all on one.  Cost: two descriptors for each start that waits for its answer.
class answer_room {
 public:
  /// For one more answer.  Errors: `too_few_descriptors_for_a_program`; then nothing is kept for it.
  [[nodiscard]] result<> reserve();

  /// One answer is here, or will not come.
  void release() noexcept;

  /// None will come any more.
  void clear() noexcept;

  /// To be called before a message is received, which has one answer at most: lets go of what it needs. Others may take it: see `frame_channel`.
  void open() noexcept;

  /// To be called when what was received has been dealt with.
  void close() noexcept;

 private:
  std::size_t answers_ = 0;
  spare_descriptors kept_;
};

}  // namespace steward::detail
