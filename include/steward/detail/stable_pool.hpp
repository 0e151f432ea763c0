// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/detail/pages.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
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
    for (std::uint32_t number = 0; number < end(); ++number)
      if (taken_[number]) std::destroy_at(&at(number));
    for (std::size_t i = 0; i < chunks_.size() && chunks_[i] != nullptr; ++i) free_pages(chunks_[i], bytes_of(i), alignof(T));
  }

  /// Makes one. Returns its number, which is that of one that was removed if there is any.
  template <class... Args>
  [[nodiscard]] std::uint32_t add(Args&&... args) {
    if (free_.empty()) add_place();
    const std::uint32_t number = free_.back();
    std::construct_at(&at(number), std::forward<Args>(args)...);
    free_.pop_back();
    taken_[number] = true;
    return number;
  }

  void remove(std::uint32_t number) noexcept {
    std::destroy_at(&at(number));
    taken_[number] = false;
    free_.push_back(number);  // there is room for all of them
  }

  /// Shape: there is one of this number.
  [[nodiscard]] T& at(std::uint32_t number) noexcept {
    const auto [chunk, offset] = place_of(number);
    return chunks_[chunk][offset];
  }
  [[nodiscard]] const T& at(std::uint32_t number) const noexcept { return const_cast<stable_pool*>(this)->at(number); }

  /// Empty if there is none of this number. For the one who changes it.
  [[nodiscard]] T* find(std::uint32_t number) noexcept { return number < end() && taken_[number] ? &at(number) : nullptr; }

  /// All numbers are below this. For the one who changes it, as is `size`.
  [[nodiscard]] std::uint32_t end() const noexcept { return static_cast<std::uint32_t>(taken_.size()); }
  [[nodiscard]] std::size_t size() const noexcept { return taken_.size() - free_.size(); }

 private:
  static constexpr std::size_t first_chunk = 64;
  static constexpr std::size_t first_chunk_bits = 6;

  [[nodiscard]] static constexpr std::size_t bytes_of(std::size_t chunk) noexcept { return (first_chunk << chunk) * sizeof(T); }

  // Chunk k holds first_chunk << k, so the leading one of number + first_chunk tells the chunk.
  [[nodiscard]] static std::pair<std::size_t, std::size_t> place_of(std::uint32_t number) noexcept {
    const std::size_t shifted = number + first_chunk;
    const std::size_t chunk = static_cast<std::size_t>(std::bit_width(shifted)) - first_chunk_bits - 1;
    return {chunk, shifted - (first_chunk << chunk)};
  }

  void add_place() {
    const auto [chunk, offset] = place_of(end());
    if (chunks_[chunk] == nullptr) {
      free_.reserve(first_chunk << (chunk + 1));
      taken_.reserve(first_chunk << (chunk + 1));
      chunks_[chunk] = static_cast<T*>(allocate_pages(bytes_of(chunk), alignof(T)));
    }
    free_.push_back(end());
    taken_.push_back(false);
  }

  std::array<T*, 27> chunks_{};
  std::vector<bool> taken_;  // by number
  std::vector<std::uint32_t> free_;
};

}  // namespace steward::detail
