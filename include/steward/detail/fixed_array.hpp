// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>

namespace steward::detail {

/// So many objects that never move, in one allocation: what `std::vector` does not offer to types that cannot be moved.
template <class T>
class fixed_array {
 public:
  /// Each object is made from `arguments`.
  template <class... Arguments>
  explicit fixed_array(std::size_t size, Arguments&... arguments) : memory_(std::allocator<T>().allocate(size)), capacity_(size) {
    for (; size_ < size; ++size_) std::construct_at(memory_ + size_, arguments...);
  }
  fixed_array(const fixed_array&) = delete;
  fixed_array& operator=(const fixed_array&) = delete;
  ~fixed_array() {
    while (size_ > 0) std::destroy_at(memory_ + --size_);
    std::allocator<T>().deallocate(memory_, capacity_);
  }

  [[nodiscard]] T& operator[](std::size_t index) noexcept { return memory_[index]; }
  [[nodiscard]] T* begin() const noexcept { return memory_; }
  [[nodiscard]] T* end() const noexcept { return memory_ + size_; }

 private:
  T* memory_;
  std::size_t capacity_;
  std::size_t size_ = 0;
};

}  // namespace steward::detail
