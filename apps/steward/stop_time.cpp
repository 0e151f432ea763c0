// SPDX-License-Identifier: Apache-2.0
#include "stop_time.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>

namespace steward {
namespace {

using std::chrono::nanoseconds;

nanoseconds saturating_sum(nanoseconds left, nanoseconds right) { return left > nanoseconds::max() - right ? nanoseconds::max() : left + right; }

/// Walks `after` depth first and adds up on the way back. Iterative: a chain may be as long as the table.
class longest_path {
 public:
  explicit longest_path(const stop_needs& living) : living_(living) {}

  nanoseconds whole() {
    nanoseconds longest{0};
    for (const auto& entry : living_) longest = std::max(longest, from(entry));
    return longest;
  }

 private:
  struct step {
    const stop_needs::value_type* at;
    std::size_t next = 0;
    nanoseconds behind{0};
  };

  nanoseconds from(const stop_needs::value_type& root) {
    if (!known_.contains(&root)) push(root);
    while (!trail_.empty()) {
      step& last = trail_.back();
      if (last.next < last.at->second.after.size())
        follow(last, last.at->second.after[last.next++]);
      else
        pop();
    }
    return *known_.at(&root);
  }

  void follow(step& from, const std::string& name) {
    const auto to = living_.find(name);
    if (to == living_.end()) return;
    const auto seen = known_.find(&*to);
    if (seen == known_.end())
      push(*to);
    else if (seen->second)  // else it is on the trail: a circle
      from.behind = std::max(from.behind, *seen->second);
  }

  void push(const stop_needs::value_type& entry) {
    known_[&entry] = std::nullopt;
    trail_.push_back({.at = &entry});
  }

  void pop() {
    const step last = trail_.back();
    trail_.pop_back();
    const nanoseconds sum = saturating_sum(last.behind, std::max(last.at->second.deadline, nanoseconds(0)));
    known_[last.at] = sum;
    if (!trail_.empty()) trail_.back().behind = std::max(trail_.back().behind, sum);
  }

  const stop_needs& living_;
  std::map<const stop_needs::value_type*, std::optional<nanoseconds>> known_;
  std::vector<step> trail_;
};

}  // namespace

nanoseconds longest_stop(const stop_needs& living) { return longest_path(living).whole(); }

}  // namespace steward
