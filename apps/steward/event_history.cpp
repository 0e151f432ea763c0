// SPDX-License-Identifier: Apache-2.0
#include "event_history.hpp"

#include "event_json.hpp"
#include "json_text.hpp"

#include <algorithm>
#include <utility>

namespace steward {
namespace {

constexpr std::size_t piece = std::size_t{64} << 10U;

}  // namespace

void event_history::add(unit_event what) {
  kept_.push_back(std::move(what));
  ++end_;
  if (kept_.size() > most_) kept_.pop_front();
}

bool event_history::knows(std::string_view key) const {
  return std::ranges::any_of(kept_, [&](const unit_event& each) { return each.key && *each.key == key; });
}

event_reader::event_reader(const event_history& of, std::vector<std::string> keys, bool follow)
    : of_(of), keys_(std::move(keys)), next_(of.first()), end_(follow ? std::nullopt : std::optional(of.end())) {}

std::string event_reader::more() {
  std::string text;
  const std::uint64_t end = end_.value_or(of_.end());
  const std::uint64_t lost = std::min(end, std::max(next_, of_.first())) - next_;
  if (lost > 0) text = json_line(event_to_json(lost_events{lost})) + '\n';
  next_ += lost;
  for (; next_ < end && text.size() < piece; ++next_)
    if (const unit_event& what = of_.at(next_); wanted(what)) text += json_line(event_to_json(what)) + '\n';
  return text;
}

bool event_reader::wanted(const unit_event& what) const { return keys_.empty() || (what.key && std::ranges::find(keys_, *what.key) != keys_.end()); }

}  // namespace steward
