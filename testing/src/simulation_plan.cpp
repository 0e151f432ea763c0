// SPDX-License-Identifier: Apache-2.0
#include "steward/testing/simulation_plan.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace steward::testing {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

// Few and related times, so that what happens meets at one instant often.
constexpr std::array<nanoseconds, 6> pauses{0ms, 0ms, 1ms, 10ms, 50ms, 300ms};
constexpr std::array<nanoseconds, 4> durations{1ms, 10ms, 50ms, 300ms};

class drawing {
 public:
  drawing(choices& source, const std::vector<std::string>& keys, const simulation_features& with) : source_(source), with_(with) {
    plan_.keys = keys;
  }

  simulation_plan draw(std::size_t count) {
    draw_manager();
    for (std::size_t key = 0; key < plan_.keys.size(); ++key) places_.push_back(draw_place(key));
    for (std::size_t key = 0; key < plan_.keys.size(); ++key)
      if (!one_in(5)) plan_.before.push_back(draw_put(key));
    for (std::size_t i = 0; i < count; ++i) plan_.deeds.push_back(draw_deed());
    if (with_.early_ends && one_in(4)) plan_.deeds.push_back(timed(plain(one_in(2) ? deed::close : deed::force, 0)));
    plan_.runs_again = with_.runs && one_in(4);
    return std::move(plan_);
  }

 private:
  [[nodiscard]] std::size_t pick(std::size_t below) { return source_.choose(below); }
  [[nodiscard]] bool one_in(std::size_t n) { return pick(n) == 0; }
  template <std::size_t N>
  [[nodiscard]] nanoseconds pick(const std::array<nanoseconds, N>& of) {
    return of.at(pick(N));
  }

  void draw_manager() {
    plan_.stores = with_.stores && one_in(2);
    plan_.interval = one_in(2) ? 400ms : 2s;
    plan_.initial_wait = one_in(2) ? 20ms : 1s;
    if (one_in(2)) plan_.max_starting = 1 + pick(2);
    if (one_in(2)) plan_.rows_in_a_page = 1 + pick(2);
    plan_.read_limit = one_in(2) ? 100ms : 1s;
    if (with_.deadlines && one_in(4)) plan_.total.start = 100ms;
    if (with_.deadlines && one_in(4)) plan_.total.stop = 100ms;
    if (!with_.groups) return;
    for (std::size_t i = 1 + pick(2); i > 0; --i) {
      group_policy policy;
      policy.strategy = static_cast<group_strategy>(pick(3));
      policy.restart.delays = draw_delays();
      if (with_.budgets && one_in(3)) policy.restart.budget = draw_budget();
      plan_.groups.push_back(policy);
    }
  }

  // Keys need only those before them, so that there are no cycles.
  simulated_place draw_place(std::size_t key) {
    simulated_place where;
    if (with_.requirements)
      for (std::size_t other = 0; other < key; ++other) {
        if (one_in(6)) where.after.push_back(other);
        if (one_in(4)) where.required.push_back({other, static_cast<on_loss>(pick(3))});
      }
    where.place = static_cast<std::uint32_t>(pick(3));
    if (!plan_.groups.empty() && !one_in(3)) where.group = pick(plan_.groups.size());
    return where;
  }

  // An edit of whom it requires, of what follows when one of them is lost, or of where it belongs.
  void move(std::size_t key) {
    simulated_place& its = places_[key];
    simulated_place drawn = draw_place(key);
    switch (pick(3)) {
      case 0:
        its = std::move(drawn);
        return;
      case 1:
        for (auto& each : its.required) each.loss = static_cast<on_loss>(pick(3));
        return;
      default:
        its.group = drawn.group;
        return;
    }
  }

  backoff draw_delays() {
    backoff delays;
    delays.initial = one_in(3) ? 0ms : 10ms;
    delays.max = 80ms;
    delays.jitter = 0;
    delays.reset_after = one_in(2) ? 50ms : 30s;
    return delays;
  }

  restart_budget draw_budget() {
    return {.restarts = static_cast<std::uint32_t>(pick(3)), .window = one_in(2) ? 100ms : 2s, .then = static_cast<exhausted>(pick(2))};
  }

  simulated_edit draw_edit() {
    simulated_edit edit;
    if (one_in(2)) return edit;
    if (with_.edits) edit.kind = one_in(3) ? row_edit::keep : row_edit::reload;
    if (with_.replaces && (!with_.edits || one_in(2))) edit.kind = row_edit::replace;
    if (with_.mishaps && one_in(2)) edit.reload = static_cast<reloading>(pick(reloadings));
    edit.time = pick(durations);
    return edit;
  }

  simulated_row draw_row() {
    simulated_row row;
    row.version = ++versions_;
    row.edit = draw_edit();
    row.policy.when = one_in(3) ? static_cast<restart>(pick(3)) : restart::always;
    row.policy.delays = draw_delays();
    if (with_.budgets && one_in(2)) row.policy.budget = draw_budget();
    if (with_.deadlines) {
      if (!one_in(3)) row.deadlines.start = one_in(2) ? 10ms : 50ms;
      if (!one_in(3)) row.deadlines.stop = one_in(2) ? 5ms : 20ms;
      if (!one_in(3)) row.deadlines.kill = one_in(2) ? 5ms : 20ms;
    }
    // What hangs may be kept, and has to come to an end all the same.
    if (with_.deadlines && row.edit.kind == row_edit::keep && row.deadlines.start <= nanoseconds::zero()) row.deadlines.start = 50ms;
    if (with_.mishaps)
      for (std::size_t i = pick(4); i > 0; --i) row.runs.push_back({static_cast<mishap>(pick(mishaps)), pick(durations)});
    for (simulated_run& each : row.runs)
      if (each.what == mishap::hangs && row.deadlines.start <= nanoseconds::zero()) each.what = mishap::is_slow;
    if (row.edit.reload == reloading::hangs && row.deadlines.start <= nanoseconds::zero()) row.edit.reload = reloading::is_slow;
    return row;
  }

  simulated_deed timed(simulated_deed what) {
    what.after = pick(pauses);
    if (what.after == nanoseconds::zero()) what.items = pick(8);
    return what;
  }

  simulated_deed plain(deed what, std::size_t key) {
    simulated_deed one;
    one.what = what;
    one.key = key;
    one.time = pick(durations);
    one.n = pick(4);
    one.hint = !one_in(3);
    return one;
  }

  simulated_deed draw_put(std::size_t key) {
    simulated_deed one = plain(deed::put, key);
    if (with_.moves && one_in(3)) move(key);
    one.row = draw_row();
    one.row.where = places_[key];
    if (one_in(6)) one.want = wanted::down;
    return one;
  }

  [[nodiscard]] deed draw_fault() {
    constexpr std::array of_reads{deed::slow_reads, deed::failing_reads, deed::failing_gets, deed::garble, deed::heal, deed::heal};
    constexpr std::array of_the_store{deed::slow_store, deed::failing_store, deed::hanging_store, deed::deaf_store, deed::blank_store};
    std::vector<deed> all(of_reads.begin(), of_reads.end());
    const auto perhaps = [&all](bool may, deed what) {
      if (may) all.push_back(what);
    };
    perhaps(with_.late_reads, deed::late_reads);
    perhaps(with_.hangs, deed::hanging_reads);
    perhaps(with_.hangs, deed::hanging_gets);
    perhaps(with_.lost_hints, deed::lose_hints);
    perhaps(with_.doubled_hints, deed::double_hints);
    perhaps(with_.delayed_hints, deed::delay_hints);
    perhaps(with_.reordered_hints, deed::reorder_hints);
    if (plan_.stores && with_.store_faults && one_in(3)) return of_the_store.at(pick(of_the_store.size()));
    return all[pick(all.size())];
  }

  simulated_deed draw_deed() {
    constexpr std::array usual{deed::put,   deed::put,   deed::put,  deed::erase, deed::want_up, deed::want_up, deed::want_down, deed::start,
                               deed::start, deed::start, deed::stop, deed::stop,  deed::get,     deed::rush,    deed::reconcile};
    const std::size_t key = pick(plan_.keys.size());
    const bool jumps = with_.jumps && one_in(20);
    deed what = usual.at(pick(usual.size()));
    if (with_.table_faults && one_in(4)) what = draw_fault();
    if (with_.runs && one_in(40)) what = deed::run;
    if (plan_.stores && with_.crashes && one_in(14)) what = deed::crash;
    if (what == deed::put && !jumps) return timed(draw_put(key));
    simulated_deed one = plain(jumps ? deed::jump : what, key);
    if (one.what == deed::crash && with_.outliving)
      for (std::size_t each = 0; each < plan_.keys.size(); ++each)
        if (!one_in(3)) one.outlive.push_back(each);
    return timed(std::move(one));
  }

  choices& source_;
  const simulation_features& with_;
  simulation_plan plan_;
  std::vector<simulated_place> places_;  // of each key, as its next row has it
  std::uint32_t versions_ = 0;
};

}  // namespace

simulation_plan draw_plan(choices& source, const std::vector<std::string>& keys, std::size_t count, const simulation_features& with) {
  return drawing(source, keys, with).draw(count);
}

}  // namespace steward::testing
