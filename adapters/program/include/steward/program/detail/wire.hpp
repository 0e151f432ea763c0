// SPDX-License-Identifier: Apache-2.0
//
// Numbers and texts as bytes, and back. Little endian, lengths before contents, no alignment.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace steward::detail {

/// Appends to a string.
class wire_writer {
 public:
  explicit wire_writer(std::string& into) noexcept : into_(&into) {}

  void u8(std::uint8_t value) { into_->push_back(static_cast<char>(value)); }
  void u32(std::uint32_t value);
  void u64(std::uint64_t value);
  void text(std::string_view value);
  void texts(const std::vector<std::string>& values);

 private:
  std::string* into_;
};

/// Takes from bytes of any origin. What is not there reads as zero or empty, and `ok` tells; lengths are never believed beyond what is there.
class wire_reader {
 public:
  explicit wire_reader(std::string_view from) noexcept : rest_(from) {}

  [[nodiscard]] std::uint8_t u8() noexcept { return static_cast<std::uint8_t>(number(1)); }
  [[nodiscard]] std::uint32_t u32() noexcept { return static_cast<std::uint32_t>(number(4)); }
  [[nodiscard]] std::uint64_t u64() noexcept { return number(8); }
  [[nodiscard]] std::string text();
  [[nodiscard]] std::vector<std::string> texts();

  [[nodiscard]] bool ok() const noexcept { return ok_; }

 private:
  [[nodiscard]] std::uint64_t number(std::size_t bytes) noexcept;

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace steward::detail
