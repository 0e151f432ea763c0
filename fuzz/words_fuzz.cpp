// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as one word of a units file or of an answer: a duration, an instant or a signal. What is read is exact, and survives its round trip.
#include "duration_text.hpp"
#include "require.hpp"
#include "steward/program/process_group.hpp"
#include "timestamp.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

/// The same with one more digit behind the last fraction.
std::string with_another_digit(std::string_view duration) {
  const std::size_t end = duration.find_last_of("0123456789") + 1;
  const std::string_view number = duration.substr(0, end);
  const bool has_fraction = number.substr(number.find_last_not_of("0123456789.") + 1).contains('.');
  return std::string(number) + (has_fraction ? "1" : ".1") + std::string(duration.substr(end));
}

void read_duration(std::string_view text) {
  const auto read = steward::parse_duration(text);
  if (!read) return require_safe(read.error().to_tree());
  require(read->count() >= 0 && *read <= steward::longest_duration);
  require(steward::parse_duration(steward::duration_text(*read)) == *read);
  const auto longer = steward::parse_duration(with_another_digit(text));
  require(!longer || *longer > *read);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read_duration(text);
  if (const auto at = steward::parse_timestamp(text))
    require(steward::timestamp_text(*at) == text);
  else
    require_safe(at.error().to_tree());
  if (const auto number = steward::signal_from_string(text)) require(steward::signal_from_string(steward::signal_name(*number)) == number);
  return 0;
}
