// SPDX-License-Identifier: Apache-2.0
#include "failures.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <utility>

namespace steward {
namespace {

// The order of events is exact, and clocks are not: a casualty's time is the number of its event.
instant at_event(std::size_t number) { return instant(std::chrono::nanoseconds(number)); }
std::size_t event_of(const casualty& what) { return static_cast<std::size_t>(what.at.time_since_epoch().count()); }

/// Finds who went down in a list of events.
class search {
 public:
  void see(const unit_event& what, std::size_t number) {
    if (!what.key || !what.state) return;
    if (what.because_of && what.state == row_state::stopping) blamed_.try_emplace(*what.because_of, number);
    if (what.exit) {
      casualty& fallen = falls(what, number);
      fallen.how = to_string(what.exit->reason);
      if (what.exit->error) fallen.cause = error(*what.exit->error);
      going_.erase(*what.key);
    } else if (is_going(*what.state)) {
      falls(what, number).how = to_string(*what.state);
    } else if (what.state == row_state::starting || what.state == row_state::running) {
      going_.erase(*what.key);
      blamed_.erase(*what.key);
    }
  }

  [[nodiscard]] std::vector<casualty> found() && { return std::move(fallen_); }

 private:
  // From the moment at which it is asked to stop until it is gone it is one casualty. One that takes its group down is told behind them.
  casualty& falls(const unit_event& what, std::size_t number) {
    const auto [going, is_new] = going_.try_emplace(*what.key, fallen_.size());
    if (is_new) {
      const auto blamed = blamed_.find(*what.key);
      casualty fallen;
      fallen.name = *what.key;
      fallen.at = at_event(blamed != blamed_.end() ? blamed->second : number);
      fallen_.push_back(std::move(fallen));
    }
    casualty& fallen = fallen_[going->second];
    if (what.because_of) fallen.because_of = what.because_of;
    return fallen;
  }

  std::vector<casualty> fallen_;
  std::map<std::string, std::size_t, std::less<>> going_;  // of `fallen_`: who is not gone yet
  // Who took others down since it was started or ready last, and the first event that says so. One that is restarted at once starts before they are
  // asked to stop; they are gone with the former one all the same.
  std::map<std::string, std::size_t, std::less<>> blamed_;
};

bool on_purpose(const casualty& what) {
  return !what.because_of &&
         (what.how == to_string(exit_reason::stopped) || what.how == to_string(exit_reason::completed) || what.how == to_string(row_state::stopping));
}

}  // namespace

std::vector<unit_failure> failures_in(const std::deque<unit_event>& events) {
  search all;
  for (std::size_t i = 0; i < events.size(); ++i) all.see(events[i], i);
  std::vector<unit_failure> failures;
  for (failure_tree& tree : failure_trees(std::move(all).found())) {
    if (tree.entries().size() == 1 && on_purpose(tree.root())) continue;
    std::vector<wall_time> at;
    at.reserve(tree.entries().size());
    for (const auto& each : tree.entries()) at.push_back(events[event_of(each.what)].at);
    failures.push_back({std::move(tree), std::move(at)});
  }
  return failures;
}

std::optional<std::string> root_cause_of(std::string_view key, const std::deque<unit_event>& events) {
  std::optional<std::string> root;
  std::size_t latest = 0;
  for (const unit_failure& each : failures_in(events))
    for (const auto& entry : each.tree.entries()) {
      if (entry.what.name != key || event_of(entry.what) < latest) continue;
      latest = event_of(entry.what);
      root = entry.depth > 0 ? std::optional(each.tree.to_string()) : std::nullopt;
    }
  return root;
}

bool concerns(const unit_failure& what, const std::vector<std::string>& keys) {
  const auto is_asked_for = [&](const failure_tree::entry& each) { return std::ranges::find(keys, each.what.name) != keys.end(); };
  return keys.empty() || std::ranges::any_of(what.tree.entries(), is_asked_for);
}

}  // namespace steward
