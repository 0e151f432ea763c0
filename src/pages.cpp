// SPDX-License-Identifier: Apache-2.0
#include "steward/detail/pages.hpp"

#include <algorithm>
#include <new>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace steward::detail {
namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20U;

std::align_val_t alignment_of(std::size_t bytes, std::size_t least) noexcept {
  return std::align_val_t(bytes >= huge_page ? std::max(least, huge_page) : least);
}

}  // namespace

void* allocate_pages(std::size_t bytes, std::size_t alignment) {
  void* const memory = ::operator new(bytes, alignment_of(bytes, alignment));
#ifdef __linux__
  if (bytes >= huge_page) (void)::madvise(memory, bytes, MADV_HUGEPAGE);  // a wish: where it is not granted nothing is lost
#endif
  return memory;
}

void free_pages(void* memory, std::size_t bytes, std::size_t alignment) noexcept { ::operator delete(memory, alignment_of(bytes, alignment)); }

}  // namespace steward::detail
