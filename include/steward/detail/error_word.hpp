// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/errc.hpp"

#include <cstdint>

namespace steward::detail {

// An error that needs no memory is one word: bit 0 set, bits 1..47 the origin of a stop, bits 48..55 the code, bits 56..58 the reason, bit 59
// inherited. Pointers of user space fit into 48 bits on every platform that we build for, and contexts are aligned, so bit 0 of one is free.
inline constexpr int code_shift = 48;
inline constexpr int reason_shift = 56;
inline constexpr int inherited_shift = 59;

[[nodiscard]] constexpr std::uintptr_t pack(errc code) noexcept { return 1 | (static_cast<std::uintptr_t>(code) << code_shift); }
[[nodiscard]] constexpr errc code_of(std::uintptr_t word) noexcept { return static_cast<errc>((word >> code_shift) & 0xff); }
[[nodiscard]] constexpr stop_reason reason_of(std::uintptr_t word) noexcept { return static_cast<stop_reason>((word >> reason_shift) & 7); }
[[nodiscard]] constexpr bool inherited_of(std::uintptr_t word) noexcept { return ((word >> inherited_shift) & 1) != 0; }
[[nodiscard]] constexpr std::uintptr_t origin_of(std::uintptr_t word) noexcept { return word & ((std::uintptr_t{1} << code_shift) - 2); }
[[nodiscard]] constexpr std::uintptr_t inherited_word(std::uintptr_t word) noexcept { return word | (std::uintptr_t{1} << inherited_shift); }

[[nodiscard]] constexpr std::uintptr_t pack_stop(stop_reason reason, std::uintptr_t origin, bool inherited) noexcept {
  return pack(errc::stopped) | origin_of(origin) | (static_cast<std::uintptr_t>(reason) << reason_shift) |
         (static_cast<std::uintptr_t>(inherited) << inherited_shift);
}

}  // namespace steward::detail
