// SPDX-License-Identifier: Apache-2.0
//
// docs/states.md says what the code does.
#include "states_page.hpp"

#include "fleet.hpp"
#include "steward/errc.hpp"
#include "steward/exit.hpp"
#include "steward/reconcile.hpp"
#include "steward/state.hpp"
#include "steward/testing/faulty_table.hpp"
#include "virtual_test.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace steward::test {
namespace {

using ::testing::ElementsAreArray;
using testing::fault;
using testing::faulty_table;

std::string quoted(std::string_view name) { return "`" + std::string(name) + "`"; }

// What a process does about an event, in the words of the page.
std::string effects(process_event event, const process_transition& step) {
  const bool asked = event == process_event::start || event == process_event::stop;
  if (!step.accepted) return asked ? "refuses with `invalid_state` " : "(cannot happen) ";
  std::string text;
  const auto add = [&text](bool does, const char* what) {
    if (does) text += (text.empty() ? "" : ", ") + std::string(what);
  };
  add(step.run, "runs its runnable");
  add(step.release, "lets the callback return");
  add(step.force, "stops its context");
  add(step.finish, "is gone");
  return text.empty() ? "" : text + ' ';
}

std::string process_table_as_text() {
  std::string text = "| in | on | becomes | and the process |\n|---|---|---|---|\n";
  for (std::size_t s = 0; s < process_states; ++s)
    for (std::size_t e = 0; e < process_events; ++e) {
      const auto state = static_cast<process_state>(s);
      const auto event = static_cast<process_event>(e);
      const process_transition& step = transition(state, event);
      text += "| " + quoted(to_string(state)) + " | " + quoted(to_string(event)) + " | " + (step.accepted ? quoted(to_string(step.to)) + ' ' : "") +
              "| " + effects(event, step) + "|\n";
    }
  return text;
}

/// The names of a closed set, until one is empty.
template <class Enum>
std::vector<std::string> names(std::size_t count) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < count; ++i) all.emplace_back(to_string(static_cast<Enum>(i)));
  return all;
}

TEST(StatesPage, ShowsTheTableThatAProcessDecidesBy) {
  const std::string expected = process_table_as_text();
  EXPECT_EQ(part_of_states_page("process table"), expected) << "docs/states.md should say:\n" << expected;
}

TEST(StatesPage, ShowsWhatAPassDoesAboutEachState) {
  const auto word = [](row_action action) {
    constexpr std::array<const char*, 5> words{"nothing", "start", "edit", "restart", "stop"};
    return std::string(words.at(static_cast<std::size_t>(action)));
  };
  std::string expected = "| state | wanted down, or deleted | wanted up | wanted up, changed |\n|---|---|---|---|\n";
  for (std::size_t i = 0; i < row_states; ++i) {
    const auto state = static_cast<row_state>(i);
    const row_facts stopped_by_hand{.state = state, .follows = is_going(state) ? sequel::stopped : sequel::by_policy};
    expected += "| " + quoted(to_string(state)) + " | " + word(decide_row(stopped_by_hand, wanted::down, false)) + " | " +
                word(decide_row(stopped_by_hand, wanted::up, false)) + " | " + word(decide_row(stopped_by_hand, wanted::up, true)) + " |\n";
  }
  EXPECT_EQ(part_of_states_page("reconcile"), expected) << "docs/states.md should say:\n" << expected;
}

TEST(StatesPage, ListsTheClosedSetsAsTheyAre) {
  EXPECT_THAT(names_of_states_page("process states"), ElementsAreArray(names<process_state>(process_states)));
  EXPECT_THAT(names_of_states_page("process events"), ElementsAreArray(names<process_event>(process_events)));
  EXPECT_THAT(names_of_states_page("row states"), ElementsAreArray(names<row_state>(row_states)));
  EXPECT_THAT(names_of_states_page("stop reasons"), ElementsAreArray(names<stop_reason>(8)));
  EXPECT_THAT(names_of_states_page("exit reasons"), ElementsAreArray(names<exit_reason>(7)));
}

TEST(StatesPage, ListsTheTextsOfTheErrors) {
  const std::vector<std::string> shown = names_of_states_page("errors", 2);
  ASSERT_EQ(shown.size(), static_cast<std::size_t>(errc::out_of_memory));
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const std::string message = make_error_code(static_cast<errc>(i + 1)).message();
    EXPECT_TRUE(shown[i].ends_with(' ' + message)) << shown[i] << " instead of " << message;
  }
}

/// Managers of which each does something else to its rows, and the transitions that have been seen.
class RowTransitions : public virtual_test {
 protected:
  using rows = memory_table<std::string, runnable>;

  RowTransitions() {
    how.spread = [] { return 0.0; };
    how.on_event = [this](const manager_event<std::string>& what) {
      if (what.key == nullptr || what.problem != nullptr) return;
      const row_state before = std::exchange(known.try_emplace(*what.key, row_state::stopped).first->second, what.state);
      seen.insert(std::string(to_string(before)) + ' ' + std::string(to_string(what.state)));
    };
    how.watch = false;
    how.store = &store;
    how.policy = [](const std::string& key, const runnable&) {
      restart_policy policy;
      if (key.starts_with("once")) policy.when = restart::never;
      if (key.starts_with("scarce")) policy.budget = restart_budget{.restarts = 0, .window = 1h, .then = exhausted::give_up};
      return policy;
    };
    how.deadlines = [](const std::string& key, const runnable&) {
      return key.contains("limited") ? process_deadlines{.start = 1s, .stop = 1s, .kill = 1s} : process_deadlines();
    };
    how.group = [](const std::string& key, const runnable&) -> std::optional<group_place> {
      if (!key.contains("team")) return std::nullopt;
      return group_place{key.contains("scarce team") ? "scarce" : key.contains("few team") ? "few" : "team", 0};
    };
    how.edit = [](const std::string& key, const runnable&, const runnable&) { return key == "reloads" ? row_edit::reload : row_edit::restart; };
    how.reload = [](context&, const std::string&, const std::shared_ptr<const runnable>&) -> task<> { co_return {}; };
    how.groups = [](const std::string& name) {
      group_policy policy;
      policy.strategy = group_strategy::one_for_all;
      if (name == "few") policy.restart.budget = restart_budget{.restarts = 2, .window = 1h, .then = exhausted::give_up};
      if (name == "scarce") policy.restart.budget = restart_budget{.restarts = 0, .window = 1h, .then = exhausted::give_up};
      return policy;
    };
    how.after = [](const std::string& key, const runnable&) {
      return key.ends_with("later") ? std::vector<std::string>{"first"} : std::vector<std::string>{};
    };
  }

  void run() {
    known.clear();
    kept = std::make_unique<fleet>(faulty, how);
    released = std::make_unique<gate>();
    running = std::make_unique<background<void>>(time, kept->run(root, hold));
    time.run_until_idle();
  }
  void finish() {
    released->open();
    time.advance(1h);
    ASSERT_TRUE(running->done());
    for (const std::string& key : keys) table.erase(key);
    keys.clear();
  }
  void put(const std::string& key, const scripted& what) {
    keys.push_back(key);
    table.put(key, runnable(what));
  }
  void look() {
    kept->reconcile_now();
    time.run_until_idle();
  }
  void start(const std::string& key) {
    jobs.push_back(std::make_unique<background<void>>(time, [this, key] { return try_start(key); }));
  }
  void stop(const std::string& key) { jobs.push_back(std::make_unique<background<void>>(time, kept->stop(root, key))); }
  task<> try_start(std::string key) {
    auto started = co_await kept->start(root, key);
    if (!started) co_return started.error();
    co_return {};
  }

  [[nodiscard]] scripted part(const std::string& name) const { return scripted(name); }

  memory_state_store<std::string> store;
  rows table;
  faulty_table<std::string, runnable> faulty{table};
  manager_options<std::string, runnable> how;
  std::map<std::string, row_state> known;
  std::set<std::string> seen;
  std::vector<std::string> keys;
  std::unique_ptr<fleet> kept;
  std::unique_ptr<gate> released;
  std::function<task<>(context&)> hold = [this](context&) -> task<> {
    co_await released->passed();
    co_return {};
  };
  std::unique_ptr<background<void>> running;
  std::vector<std::unique_ptr<background<void>>> jobs;
};

TEST_F(RowTransitions, AreThoseOfThePage) {
  // Starts that succeed, fail, are stopped and are given up.
  put("web", part("web"));
  put("broken", part("broken").end_before_ready(fail(error("no"))));
  put("broken stopped", part("broken").end_before_ready(fail(error("no"))));
  put("once broken", part("broken").end_before_ready(fail(error("no"))));
  put("stuck", part("stuck").hang());
  put("crash", part("crash").lose_after(1ms).fail_with(error("no")));
  put("once", part("once").lose_after(1ms));
  put("once edited", part("once").lose_after(1ms));
  put("once down", part("once").lose_after(1ms));
  put("once cut", part("once").lose_after(1ms));
  put("self", part("self").lose_after(1ms).at_end([this] { table.erase("self"); }));
  put("waits, later", part("waits"));
  put("reloads", part("reloads"));
  run();
  time.advance(2s);
  table.put("reloads", runnable(part("reloads")));
  look();
  stop("web");
  stop("stuck");
  stop("broken stopped");
  time.run_until_idle();
  // By hand: one that fails, one whose row cannot be read, one that is stopped while its row is read.
  put("hand", part("hand").end_before_ready(fail(error("no"))));
  start("hand");
  time.run_until_idle();
  faulty.on_get(1, fault::failing(error(errc::unreadable)));
  start("once");
  time.run_until_idle();
  faulty.on_get(1, fault::hanging());
  start("once cut");
  time.run_until_idle();
  stop("once cut");
  time.run_until_idle();
  // Edits of what is completed; one that waits and is no longer wanted.
  table.put("once edited", runnable(part("once edited")));
  table.set_wanted("once down", wanted::down);
  table.set_wanted("waits, later", wanted::down);
  look();
  finish();

  // Held back: from stopped, completed and backoff.
  put("first", part("first").ready_after(1s));
  put("once later", part("once").lose_after(1ms));
  put("crash later", part("crash").lose_after(1ms).fail_with(error("no")));
  run();
  time.advance(1s + 1ms);  // both are over once: "crash later" runs again
  stop("first");
  time.advance(10s);
  table.put("once later", runnable(part("once")));
  table.set_wanted("first", wanted::down);
  look();
  table.put("first", runnable(part("first")));
  time.advance(60s);
  finish();

  // It ends by itself while the manager ends, before it is asked: another that was started after it still lives.
  put("first", part("first").lose_after(5s));
  put("later", part("later").winds_down_in(10s));
  run();
  finish();

  // Budgets that are used up, of one and of a group.
  put("scarce", part("scarce").lose_after(1ms).fail_with(error("no")));
  put("scarce broken", part("broken").end_before_ready(fail(error("no"))));
  put("scarce down", part("scarce").lose_after(1ms).fail_with(error("no")));
  put("scarce later", part("scarce").lose_after(1ms).fail_with(error("no")));
  put("first", part("first"));
  put("fails, scarce team", part("fails").lose_after(100ms).fail_with(error("no")));
  put("runs, scarce team", part("runs"));
  put("broken, scarce team", part("broken").end_before_ready(fail(error("no"))));
  put("waits, scarce team later", part("waits"));
  run();
  time.advance(1s);
  table.put("scarce", runnable(part("scarce")));
  table.set_wanted("scarce down", wanted::down);
  stop("first");
  time.run_until_idle();
  table.put("scarce later", runnable(part("scarce")));
  look();
  finish();

  // Groups that go down and come up together.
  put("waits, team later", part("waits"));
  put("team fails", part("fails").ready_after(100ms).lose_after(1s).fail_with(error("no")));
  put("team runs", part("runs"));
  put("team backs off", part("crash").ready_after(200ms).end_before_ready(fail(error("no"))));
  run();
  time.advance(1min);
  finish();

  // One that backs off since before the manager, and goes down with its group.
  keys.emplace_back("recalled, team");
  row_past past;
  past.generation = table.put(keys.back(), runnable(part("recalled")));
  past.state = row_state::backoff;
  past.until = time.now() + 1h;
  store.remember(keys.back(), past);
  put("team fails", part("fails").lose_after(1s).fail_with(error("no")));
  run();
  known["recalled, team"] = row_state::backoff;
  time.advance(1min);
  finish();

  // One that comes to a group that backs off, and fails there.
  put("crash, few team", part("crash").lose_after(10ms).fail_with(error("no")));
  run();
  time.advance(50ms);
  put("new, few team", part("crash").lose_after(10ms).fail_with(error("no")));
  look();
  time.advance(1s);
  finish();

  // Deadlines.
  put("limited", part("limited").winds_down_in(1h).ignore_stop());
  put("limited start", part("limited").ready_after(1h).ignore_stop());
  put("once, limited start", part("limited").ready_after(10s).ignore_stop());
  run();
  time.advance(5s);
  table.put("limited", runnable(part("limited")));
  look();
  time.advance(2h);
  finish();

  std::vector<std::string> shown = names_of_states_page("row transitions", 2);
  std::ranges::sort(shown);
  std::vector<std::string> missing;
  std::vector<std::string> too_many;
  std::ranges::set_difference(seen, shown, std::back_inserter(missing));
  std::ranges::set_difference(shown, seen, std::back_inserter(too_many));
  EXPECT_THAT(missing, IsEmpty()) << "seen, and not on the page";
  EXPECT_THAT(too_many, IsEmpty()) << "on the page, and not seen";
}

}  // namespace
}  // namespace steward::test
