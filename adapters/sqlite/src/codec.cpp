// SPDX-License-Identifier: Apache-2.0
#include "steward/sqlite/codec.hpp"

namespace steward {

std::string to_string(const stored_key& key) {
  if (const auto* number = std::get_if<std::int64_t>(&key)) return std::to_string(*number);
  return std::get<std::string>(key);
}

}  // namespace steward
