// SPDX-License-Identifier: Apache-2.0
#include "steward/testing/choices.hpp"

#include <charconv>

namespace steward::testing {

std::size_t seeded_choices::choose(std::size_t options) {
  state_ += 0x9e3779b97f4a7c15U;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebU;
  mixed ^= mixed >> 31U;
  return static_cast<std::size_t>(mixed % options);
}

enumerated_choices::enumerated_choices(std::string_view recorded) {
  while (!recorded.empty()) {
    const auto end = recorded.find('.');
    std::size_t chosen = 0;
    const std::string_view number = recorded.substr(0, end);
    std::from_chars(number.data(), number.data() + number.size(), chosen);
    taken_.push_back({chosen, 0});
    recorded = end == std::string_view::npos ? std::string_view() : recorded.substr(end + 1);
  }
}

std::size_t enumerated_choices::choose(std::size_t options) {
  if (asked_ == taken_.size()) taken_.push_back({0, options});
  decision& now = taken_[asked_++];
  now.options = options;
  return now.chosen < options ? now.chosen : options - 1;
}

bool enumerated_choices::next() {
  taken_.resize(asked_);
  asked_ = 0;
  while (!taken_.empty() && taken_.back().chosen + 1 >= taken_.back().options) taken_.pop_back();
  if (taken_.empty()) return false;
  ++taken_.back().chosen;
  return true;
}

std::string enumerated_choices::to_string() const {
  std::string text;
  for (std::size_t i = 0; i < asked_; ++i) {
    if (i > 0) text += '.';
    text += std::to_string(taken_[i].chosen);
  }
  return text;
}

}  // namespace steward::testing
