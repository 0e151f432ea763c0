// SPDX-License-Identifier: Apache-2.0
//
// What a manager would do if its table were another. Everything here runs on the manager's strand, and changes nothing.
#pragma once

#include "steward/detail/manager_order.hpp"
#include "steward/manager.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <utility>

namespace steward {

/// Makes one plan.
template <class Key, class Value>
class manager<Key, Value>::planner {
 public:
  explicit planner(manager& of) noexcept : of_(of) {}

  void see(const Key& key, const row<Value>& found) {
    rows_.insert_or_assign(key, found);
    seen_.emplace(key, seen_.size());
    const entry* const e = of_.entries_.find(key);
    row_facts known = e != nullptr ? detail::facts_of(*e) : row_facts();
    known.reading = false;  // what is read then is a row of the present table, not of this one
    const bool changed = e == nullptr || e->generation != found.generation;
    switch (decide_row(known, found.wanted, changed)) {
      case row_action::nothing:
        if (known.state == row_state::waiting) plan(key, plan_action::start);  // one that it waits for may be started
        return;
      case row_action::start:
        return plan(key, plan_action::start);
      case row_action::edit:
        return plan(key, edit(*e, *found.value));
      case row_action::restart:
        return plan(key, plan_action::restart);
      case row_action::stop:
        if (!is_settled(known.state)) plan(key, plan_action::stop);
        return;
    }
  }

  [[nodiscard]] std::vector<planned<Key>> finish() {
    of_.entries_.each([this](entry& e) {
      const bool down = e.state == row_state::stopped || is_settled(e.state);
      if (!down && !rows_.contains(e.key)) plan(e.key, plan_action::stop);
    });
    take_down_those_that_require();
    return in_order();
  }

 private:
  void plan(const Key& key, plan_action action) { plans_.insert_or_assign(key, planned<Key>{key, action, {}, {}}); }

  [[nodiscard]] plan_action edit(const entry& e, const Value& now) {
    switch (of_.kind_of_edit(e, now)) {
      case row_edit::keep:
        return plan_action::keep;
      case row_edit::reload:
        return plan_action::reload;
      case row_edit::replace:
        return plan_action::replace;
      case row_edit::restart:
        return plan_action::restart;
    }
    return plan_action::restart;
  }

  [[nodiscard]] static bool goes_down(plan_action action) noexcept { return action == plan_action::stop || action == plan_action::restart; }

  void take_down_those_that_require() {
    for (const auto& [key, each] : plans_) {
      const entry* const e = of_.entries_.find(key);
      if (goes_down(each.action) && e != nullptr && is_alive(e->state)) goes_at(key, turn_of(key));  // what does not live takes nobody down
    }
    note_edited_requirements();
    for (; !down_.empty(); down_.pop_front())
      for (const entry* const other : those_that_require(down_.front())) lose(*other, down_.front());
  }

  void goes_at(const Key& key, std::size_t turn) {
    down_.push_back(key);
    when_.insert_or_assign(key, turn);
  }

  // What becomes of one that requires what goes down, as it does or as its edited row will.
  void lose(const entry& other, const Key& lost) {
    const std::size_t now = when_.at(lost);
    const auto known = plans_.find(other.key);
    const bool is_edited = known != plans_.end() && goes_on(known->second.action);
    const bool has_new_ones = is_edited && known->second.action == plan_action::keep && turn_of(other.key) < now;
    const std::optional<on_loss> before = other.bonds ? detail::loss_in(other.bonds->required, lost) : std::nullopt;
    const std::optional<on_loss> after = is_edited ? detail::loss_in(edited_.at(other.key), lost) : std::nullopt;
    if (!has_new_ones && after && detail::is_new_requirement(before, *after)) {  // what does not run: it is not edited but by a restart
      plan(other.key, plan_action::restart);
      return goes_at(other.key, std::max(now, turn_of(other.key)));
    }
    const bool goes_already = known != plans_.end() && goes_down(known->second.action);
    loss_facts facts{.loss = {}, .going = is_going(other.state), .taken_down = other.because_of != nullptr, .follows = other.follows};
    if (goes_already) {
      const bool comes_back = known->second.action == plan_action::restart;
      facts = {.loss = {}, .going = true, .taken_down = !!known->second.because_of, .follows = comes_back ? sequel::start_again : sequel::stopped};
    }
    facts.loss = (has_new_ones ? after : before).value_or(on_loss::ignore);
    const loss_action what = decide_loss(facts);
    if (what == loss_action::nothing) return;
    if (goes_already) {
      known->second.action = plan_action::stop;
      return;
    }
    const bool edited_later = known != plans_.end() && now < turn_of(other.key);  // and what is edited is started again
    plan(other.key, what == loss_action::park && !edited_later ? plan_action::stop : plan_action::restart);
    if (!edited_later) plans_.at(other.key).because_of = lost;
    goes_at(other.key, now);
  }

  [[nodiscard]] static bool goes_on(plan_action action) noexcept {
    return action == plan_action::keep || action == plan_action::reload || action == plan_action::replace;
  }

  // Those that live through an edit come out of it with what their new rows require.
  void note_edited_requirements() {
    if (!of_.options_.requirements) return;
    for (const auto& [key, each] : plans_)
      if (goes_on(each.action)) edited_.emplace(key, of_.asked_of(of_.options_.requirements, key, *rows_.at(key).value));
  }

  // Now or after an edit.
  [[nodiscard]] std::vector<entry*> those_that_require(const Key& lost) {
    const auto known = of_.required_by_.find(lost);
    std::vector<entry*> all = known == of_.required_by_.end() ? std::vector<entry*>() : known->second;
    for (const auto& [key, required] : edited_) {
      entry* const e = of_.entries_.find(key);
      if (e == nullptr || !detail::loss_in(required, lost)) continue;  // while the table was read it may have been forgotten
      if (std::ranges::find(all, e) == all.end()) all.push_back(e);
    }
    return all;
  }

  [[nodiscard]] std::size_t turn_of(const Key& key) const {
    const auto found = seen_.find(key);
    return found != seen_.end() ? found->second : seen_.size();
  }

  [[nodiscard]] std::vector<Key> needs_of(const Key& key) {
    const auto found = rows_.find(key);
    if (found != rows_.end()) return of_.needed_by(key, *found->second.value);
    const entry* const e = of_.entries_.find(key);
    return e != nullptr && e->value ? of_.needed_by(key, *e->value) : std::vector<Key>();
  }

  void see_who_is_waited_for(planned<Key>& each) {
    for (Key& needed : needs_of(each.key)) {
      const auto known = plans_.find(needed);
      const bool will_run = known != plans_.end() ? known->second.action != plan_action::stop && known->second.waiting_for.empty() : of_.runs(needed);
      if (!will_run) each.waiting_for.push_back(std::move(needed));
    }
    if (each.action == plan_action::start && !each.waiting_for.empty()) each.action = plan_action::wait;
  }

  // First those that stop, each behind all that come after it; then the rest, each behind all that it comes after.
  [[nodiscard]] std::vector<planned<Key>> in_order() {
    std::vector<Key> order;
    std::set<Key> placed;
    for (const auto& [key, each] : plans_) place(key, order, placed);
    std::vector<planned<Key>> plan;
    for (auto key = order.rbegin(); key != order.rend(); ++key)
      if (plans_.at(*key).action == plan_action::stop) plan.push_back(plans_.at(*key));
    for (const Key& key : order) {
      planned<Key>& each = plans_.at(key);
      if (each.action == plan_action::start || each.action == plan_action::restart) see_who_is_waited_for(each);
      const entry* const e = of_.entries_.find(key);
      const bool as_it_is = each.action == plan_action::wait && e != nullptr && e->state == row_state::waiting;
      if (each.action != plan_action::stop && !as_it_is) plan.push_back(each);
    }
    return plan;
  }

  // Depth first, without recursion: a chain may be as long as the table.
  void place(const Key& first, std::vector<Key>& order, std::set<Key>& placed) {
    struct step {
      Key key;
      std::vector<Key> needs;
    };
    if (!placed.insert(first).second) return;
    std::vector<step> path;
    path.push_back({first, needs_of(first)});
    while (!path.empty()) {
      if (path.back().needs.empty()) {
        order.push_back(std::move(path.back().key));
        path.pop_back();
        continue;
      }
      Key next = std::move(path.back().needs.back());
      path.back().needs.pop_back();
      if (!plans_.contains(next) || !placed.insert(next).second) continue;
      auto needs = needs_of(next);
      path.push_back({std::move(next), std::move(needs)});
    }
  }

  manager& of_;
  std::map<Key, row<Value>> rows_;
  std::map<Key, planned<Key>> plans_;
  std::map<Key, std::size_t> seen_;  // in this order
  std::map<Key, std::vector<requirement<Key>>> edited_;
  std::deque<Key> down_;             // and those that require them have not been looked at
  std::map<Key, std::size_t> when_;  // it goes, in the pass: with the row of whoever goes first, and what is deleted after all rows
};

template <class Key, class Value>
auto manager<Key, Value>::plan(context& ctx, table<Key, Value>& rows) -> task<std::vector<planned<Key>>> {
  if (!enter()) co_return errc::manager_not_running;
  auto planning = plan_on_strand(ctx, rows);
  auto planned = co_await std::move(planning).on(*strand_);
  depart();
  co_return planned;
}

template <class Key, class Value>
auto manager<Key, Value>::plan_on_strand(context& ctx, table<Key, Value>& rows) -> task<std::vector<planned<Key>>> {
  planner making(*this);
  auto found = rows.iterate();
  while (co_await found.next(ctx)) {
    const auto* const each = *found.get();
    if (!each->content) co_return each->content.error();
    making.see(each->key, *each->content);
  }
  if (found.err()) co_return *found.err();
  co_return making.finish();
}

}  // namespace steward
