// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as what is remembered of a row or of a group: what is read of them survives its round trip.
#include "require.hpp"
#include "steward/past_text.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace {

constexpr std::chrono::milliseconds ahead = std::chrono::hours(24 * 365 * 56);

void require_survives(const steward::row_past& past) {
  const auto text = steward::past_to_text(past, ahead);
  const auto again = steward::past_from_text(text, ahead);
  require(again && steward::past_to_text(*again, ahead) == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto past = steward::past_from_text(text, ahead)) require_survives(*past);
  if (const auto history = steward::history_from_text(text, ahead))
    require(steward::history_from_text(steward::history_to_text(*history, ahead), ahead) == *history);
  return 0;
}
