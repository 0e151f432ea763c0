// SPDX-License-Identifier: Apache-2.0
//
// What a program made with this library says with its exit code.
#pragma once

namespace steward::exit_codes {

inline constexpr int success = 0;     ///< it ended as it was asked to
inline constexpr int failed = 1;      ///< the error is on stderr; one that had to be forced has failed
inline constexpr int wrong_use = 2;   ///< of the command line: nothing was begun
inline constexpr int stragglers = 3;  ///< some have not ended, forced or not; their names are on stderr

}  // namespace steward::exit_codes
