// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace steward::detail {

/// Memory for many things at once. A large piece begins on a huge page and asks the system to use such pages, where it has them: a walk, or a look at
/// random, over hundreds of megabytes spends more on address translation than on memory otherwise.
/// Shape: bytes; a power of two. Errors: throws `std::bad_alloc`. Nothing is touched before it is used.
[[nodiscard]] void* allocate_pages(std::size_t bytes, std::size_t alignment);

/// Shape: what `allocate_pages` gave, with the same arguments.
void free_pages(void* memory, std::size_t bytes, std::size_t alignment) noexcept;

}  // namespace steward::detail
