// SPDX-License-Identifier: Apache-2.0
//
// How long an answer may take that somebody does not read.
#pragma once

#include <chrono>

namespace steward {

inline constexpr std::chrono::seconds unread_answer(60);  // of which the other end takes nothing
inline constexpr std::chrono::seconds last_answer(1);     // when the daemon ends

}  // namespace steward
