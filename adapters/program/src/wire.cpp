// SPDX-License-Identifier: Apache-2.0
#include "steward/program/detail/wire.hpp"

namespace steward::detail {
namespace {

void append_number(std::string& into, std::uint64_t value, int bytes) {
  for (int byte = 0; byte < bytes; ++byte) into.push_back(static_cast<char>(value >> (8 * byte) & 0xFFU));
}

}  // namespace

void wire_writer::u32(std::uint32_t value) { append_number(*into_, value, 4); }
void wire_writer::u64(std::uint64_t value) { append_number(*into_, value, 8); }

void wire_writer::text(std::string_view value) {
  u32(static_cast<std::uint32_t>(value.size()));
  into_->append(value);
}

void wire_writer::texts(const std::vector<std::string>& values) {
  u32(static_cast<std::uint32_t>(values.size()));
  for (const auto& value : values) text(value);
}

std::uint64_t wire_reader::number(std::size_t bytes) noexcept {
  if (!ok_ || rest_.size() < bytes) {
    ok_ = false;
    return 0;
  }
  std::uint64_t value = 0;
  for (std::size_t byte = 0; byte < bytes; ++byte) value |= std::uint64_t{static_cast<unsigned char>(rest_[byte])} << (8 * byte);
  rest_.remove_prefix(bytes);
  return value;
}

std::string wire_reader::text() {
  const std::size_t length = u32();
  if (!ok_ || length > rest_.size()) {
    ok_ = false;
    return {};
  }
  std::string value(rest_.substr(0, length));
  rest_.remove_prefix(length);
  return value;
}

std::vector<std::string> wire_reader::texts() {
  const std::size_t count = u32();
  std::vector<std::string> values;
  if (count > rest_.size() / 4) ok_ = false;  // each takes at least its length; so a count alone cannot make us allocate
  for (std::size_t i = 0; ok_ && i < count; ++i) values.push_back(text());
  return values;
}

}  // namespace steward::detail
