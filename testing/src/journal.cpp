// SPDX-License-Identifier: Apache-2.0
#include "steward/testing/journal.hpp"

#include "steward/testing/virtual_scheduler.hpp"

namespace steward::testing {

void journal::add(instant at, std::string_view line) {
  const std::lock_guard guard(mutex_);
  entries_.push_back({at, std::string(line)});
}

std::vector<std::string> journal::lines() const {
  const std::lock_guard guard(mutex_);
  std::vector<std::string> all;
  all.reserve(entries_.size());
  for (const entry& each : entries_) all.push_back(each.line);
  return all;
}

std::vector<std::string> journal::timed() const {
  const std::lock_guard guard(mutex_);
  std::vector<std::string> all;
  all.reserve(entries_.size());
  for (const entry& each : entries_) all.push_back(short_text(each.at - virtual_scheduler::epoch) + " " + each.line);
  return all;
}

std::size_t journal::first(std::string_view line) const {
  std::size_t at = 0;
  while (at < entries_.size() && entries_[at].line != line) ++at;
  return at;
}

std::size_t journal::count(std::string_view line) const {
  const std::lock_guard guard(mutex_);
  std::size_t found = 0;
  for (const entry& each : entries_) found += each.line == line ? 1 : 0;
  return found;
}

bool journal::in_order(std::string_view earlier, std::string_view later) const {
  const std::lock_guard guard(mutex_);
  return first(earlier) < first(later) && first(later) < entries_.size();
}

std::chrono::nanoseconds journal::when(std::string_view line) const {
  const std::lock_guard guard(mutex_);
  const std::size_t at = first(line);
  return at < entries_.size() ? entries_[at].at - virtual_scheduler::epoch : std::chrono::nanoseconds(-1);
}

void journal::clear() {
  const std::lock_guard guard(mutex_);
  entries_.clear();
}

std::string short_text(std::chrono::nanoseconds duration) {
  const auto ns = duration.count();
  if (ns % 1'000'000 == 0) return std::to_string(ns / 1'000'000) + "ms";
  if (ns % 1'000 == 0) return std::to_string(ns / 1'000) + "us";
  return std::to_string(ns) + "ns";
}

}  // namespace steward::testing
