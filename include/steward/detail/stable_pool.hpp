// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/detail/pages.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace steward::detail {

/// Holds things that never move, each under a number, beside one another in the order in which they came: a walk over all of them goes through
/// memory from front to back, which a processor fetches ahead.
///
/// Threads: one changes it. Others may call `at` with a number whose thing they know to be there.
/// Cost: no allocation but for a chunk when all are full; each is twice the one before, and its pages are touched when they are used.
template <class T>
class stable_pool {
 public:
  stable_pool() = default;
  stable_pool(const stable_pool&) = delete;
  stable_pool& operator=(const stable_pool&) = delete;
  ~stable_pool() {
    for (std::uint32_t number = 0; number < end_; ++number) std::destroy_at(&cell(number));
    for (std::size_t i = 0; i < chunks_.size() && chunks_[i] != nullptr; ++i) free_pages(chunks_[i], bytes_of(i), alignof(std::optional<T>));
  }

  /// Makes one. Returns its number, which is that of one that was removed if there is any.
  template <class... Args>
  [[nodiscard]] std::uint32_t add(Args&&... args) {
    if (!free_.empty()) {
      const std::uint32_t number = free_.back();
      cell(number).emplace(std::forward<Args>(args)...);
      free_.pop_back();
      return number;
    }
    const auto [chunk, offset] = place_of(end_);
    if (chunks_[chunk] == nullptr) {
      free_.reserve(first_chunk << (chunk + 1));  // so that to remove never allocates
      chunks_[chunk] = static_cast<std::optional<T>*>(allocate_pages(bytes_of(chunk), alignof(std::optional<T>)));
    }
    std::construct_at(chunks_[chunk] + offset, std::in_place, std::forward<Args>(args)...);
    return end_++;
  }

  void remove(std::uint32_t number) noexcept {
    cell(number).reset();
    free_.push_back(number);
  }

  /// Shape: there is one of this number.
  [[nodiscard]] T& at(std::uint32_t number) noexcept { return *cell(number); }
  [[nodiscard]] const T& at(std::uint32_t number) const noexcept { return *const_cast<stable_pool*>(this)->cell(number); }

  /// Empty if there is none of this number. For the one who changes it.
  [[nodiscard]] T* find(std::uint32_t number) noexcept {
    if (number >= end_) return nullptr;
    std::optional<T>& held = cell(number);
    return held ? &*held : nullptr;
  }

  /// All numbers are below this.
  [[nodiscard]] std::uint32_t end() const noexcept { return end_; }
  [[nodiscard]] std::size_t size() const noexcept { return end_ - free_.size(); }

 private:
  static constexpr std::size_t first_chunk = 64;
  static constexpr std::size_t first_chunk_bits = 6;

  [[nodiscard]] static constexpr std::size_t bytes_of(std::size_t chunk) noexcept { return (first_chunk << chunk) * sizeof(std::optional<T>); }

  // Chunk k holds first_chunk << k, so the leading one of number + first_chunk tells the chunk.
  [[nodiscard]] static std::pair<std::size_t, std::size_t> place_of(std::uint32_t number) noexcept {
    const std::size_t shifted = number + first_chunk;
    const std::size_t chunk = static_cast<std::size_t>(std::bit_width(shifted)) - first_chunk_bits - 1;
    return {chunk, shifted - (first_chunk << chunk)};
  }
  [[nodiscard]] std::optional<T>& cell(std::uint32_t number) noexcept {
    const auto [chunk, offset] = place_of(number);
    return chunks_[chunk][offset];
  }

  std::array<std::optional<T>*, 27> chunks_{};
  std::uint32_t end_ = 0;
  std::vector<std::uint32_t> free_;
};

}  // namespace steward::detail
