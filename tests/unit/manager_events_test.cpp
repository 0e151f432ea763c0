// SPDX-License-Identifier: Apache-2.0
//
// Events, and the answers that hold at any instant: counts, explanations, stragglers, and whose failure it was.
#include "manager_fixture.hpp"
#include "steward/failure_tree.hpp"

#include <map>
#include <random>

namespace steward::test {
namespace {

using record = manager_record<std::string>;

class ManagerEvents : public manager_test {
 protected:
  void put(const std::string& key, const scripted& what) { table_.put(key, runnable(what)); }
  [[nodiscard]] scripted part(const std::string& name) { return scripted(name, log); }
  [[nodiscard]] static std::vector<std::string> all_of(event_subscription<record>& from) {
    std::vector<std::string> lines;
    while (auto next = from.try_next()) {
      if (next->lost > 0) lines.push_back("lost " + std::to_string(next->lost));
      if (!next->event) break;
      const record& what = *next->event;
      if (what.problem)
        lines.push_back(what.key.value_or("") + ": " + what.problem->to_string());
      else
        lines.push_back(*what.key + " #" + std::to_string(what.incarnation) + " " + std::string(to_string(what.state)));
    }
    return lines;
  }
};

TEST_F(ManagerEvents, GiveWhoKeepsUpEveryChangeOnceAndInOrder) {
  put("web", part("web").lose_after(1s).fail_with(error("no")).then(part("web")));
  run(table_);
  auto events = kept->events();
  time.advance(1s);
  EXPECT_THAT(all_of(events), ElementsAre("web #1 backoff", "web #2 starting", "web #2 running"));
  finish();
  EXPECT_THAT(all_of(events), ElementsAre("web #2 stopping", "web #2 stopped"));
  kept.reset();
  EXPECT_FALSE(events.try_next()->event) << "it has ended";
}

TEST_F(ManagerEvents, AStartHasTheNumberOfWhatItStarts) {
  how.on_event = [&](const manager_event<std::string>& what) {
    if (what.key == nullptr || what.problem != nullptr) return;
    EXPECT_EQ(kept->status("web")->incarnation, what.incarnation) << to_string(what.state);
  };
  put("web", part("web").ready_after(1s).lose_after(1s).fail_with(error("no")).then(part("web")));
  run(table_);
  EXPECT_EQ(state("web"), row_state::starting);
  EXPECT_EQ(kept->status("web")->incarnation, 1U);
  time.advance(3s);
  EXPECT_EQ(state("web"), row_state::running);
  EXPECT_EQ(kept->status("web")->incarnation, 2U);
  finish();
}

TEST_F(ManagerEvents, AStartThatComesToNoProcessLeavesItsNumberToTheNext) {
  table_.put("web", runnable(part("web")), wanted::down);
  run(table_);
  auto events = kept->events();
  for (int i = 0; i < 2; ++i) {
    background<std::shared_ptr<const runnable>> refused(time, kept->start(root, "web"));
    time.run_until_idle();
    EXPECT_TRUE(refused.outcome().error().is(errc::invalid_state));
  }
  table_.set_wanted("web", wanted::up);
  kept->reconcile_now();
  time.run_until_idle();
  EXPECT_THAT(all_of(events),
              ElementsAre("web #1 starting", "web #1 stopped", "web #1 starting", "web #1 stopped", "web #1 starting", "web #1 running"));
  finish();
}

TEST_F(ManagerEvents, TellWhoFallsBehindHowManyItHasMissed) {
  run(table_);
  auto events = kept->events(2);
  for (int i = 0; i < 5; ++i) put(std::to_string(i), part("x"));
  kept->reconcile_now();
  time.run_until_idle();
  EXPECT_THAT(all_of(events).front(), "lost 8");
  finish();
}

TEST_F(ManagerEvents, CountsFollowEveryChange) {
  put("web", part("web").winds_down_in(1s));
  put("slow", part("slow").ready_after(1h));
  table_.put("down", runnable(part("down")), wanted::down);
  run(table_);
  const auto count = [this](row_state state) { return kept->counts()[static_cast<std::size_t>(state)]; };
  EXPECT_EQ(count(row_state::running), 1U);
  EXPECT_EQ(count(row_state::starting), 1U);
  EXPECT_EQ(count(row_state::stopped), 1U);
  table_.erase("web");
  table_.erase("down");
  kept->reconcile_now();
  time.run_until_idle();
  EXPECT_EQ(count(row_state::stopping), 1U);
  EXPECT_EQ(count(row_state::stopped), 0U);
  time.advance(1s);
  EXPECT_EQ(count(row_state::stopping), 0U);
  finish();
}

TEST_F(ManagerEvents, ExplainSaysWhatIsInTheWayOfEach) {
  how.after = [](const std::string& key, const runnable&) {
    static const std::map<std::string, std::vector<std::string>> needs{{"a", {"b"}}, {"b", {"a"}}, {"late", {"slow", "web"}}};
    const auto found = needs.find(key);
    return found == needs.end() ? std::vector<std::string>() : found->second;
  };
  how.deadlines = [](const std::string&, const runnable&) { return process_deadlines{.start = 10s, .stop = 5s, .kill = 1s}; };
  how.policy = [](const std::string& key, const runnable&) {
    restart_policy policy;
    if (key == "once") policy.when = restart::never;
    policy.delays.initial = 1min;
    policy.delays.jitter = 0;
    return policy;
  };
  put("web", part("web").winds_down_in(1min));
  put("slow", part("slow").ready_after(8s));
  put("late", part("late"));
  put("a", part("a"));
  put("b", part("b"));
  put("once", part("once").lose_after(1ms));
  put("crash", part("crash").lose_after(1ms).fail_with(error("no")));
  table_.put("down", runnable(part("down")), wanted::down);
  run(table_);
  time.advance(1s);
  const auto why = [this](const std::string& key) { return kept->explain(key)->why; };
  EXPECT_FALSE(kept->explain("nobody"));
  EXPECT_EQ(why("web"), obstacle::none);
  EXPECT_EQ(why("slow"), obstacle::starts);
  EXPECT_EQ(kept->explain("slow")->until, virtual_scheduler::epoch + 10s);
  EXPECT_EQ(why("late"), obstacle::waits_for_others);
  EXPECT_THAT(kept->explain("late")->waiting_for, ElementsAre("slow"));
  EXPECT_THAT(kept->explain("late")->cycle, IsEmpty());
  EXPECT_THAT(kept->explain("a")->cycle, ElementsAre("a", "b", "a"));
  EXPECT_EQ(why("once"), obstacle::completed);
  EXPECT_EQ(why("crash"), obstacle::backs_off);
  EXPECT_EQ(kept->explain("crash")->last->cause->to_string(), "no");
  EXPECT_EQ(why("down"), obstacle::unwanted);
  EXPECT_THAT(kept->stragglers(), IsEmpty());
  background<void> stopping(time, kept->stop(root, "web"));
  time.run_until_idle();
  EXPECT_EQ(why("web"), obstacle::stops);
  ASSERT_EQ(kept->stragglers().size(), 1U);
  EXPECT_EQ(kept->stragglers()[0].key, "web");
  EXPECT_EQ(kept->stragglers()[0].at, obstacle::stops);
  time.advance(5s);
  EXPECT_EQ(why("web"), obstacle::stopped);
  finish();
}

TEST(Obstacle, NamesAreWireFormat) {
  const std::vector<std::string> names{
      "none",      "unwanted",        "stopped",         "requirement_lost", "waits_for_others", "waits_for_place",      "starts",
      "backs_off", "waits_for_group", "waits_for_store", "completed",        "gave_up",          "waits_for_dependents", "stops",
      "forced"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(to_string(static_cast<obstacle>(i)), names[i]);
    EXPECT_EQ(obstacle_from_string(names[i]), static_cast<obstacle>(i));
  }
}

// One fault among many that require one another: whatever goes down, the tree of what happened begins with it.
TEST_F(ManagerEvents, TheInjectedFaultIsTheRootOfWhatItTookDown) {
  std::minstd_rand random(5);
  for (int round = 0; round < 100; ++round) {
    constexpr int parts = 8;
    std::map<std::string, std::vector<requirement<std::string>>> needs;
    memory_table<std::string, runnable> rows;
    const int broken = static_cast<int>(random() % parts);
    for (int i = 0; i < parts; ++i) {
      const std::string key(1, static_cast<char>('a' + i));
      for (int other = 0; other < i; ++other)
        if (random() % 3 == 0) needs[key].push_back({std::string(1, static_cast<char>('a' + other)), on_loss::restart});
      scripted each(key);
      if (i == broken) each.lose_after(1min).fail_with(error("disk full")).then(scripted(key));
      rows.put(key, runnable(each));
    }
    manager_options<std::string, runnable> options;
    options.requirements = [&needs](const std::string& key, const runnable&) {
      return needs.contains(key) ? needs[key] : std::vector<requirement<std::string>>();
    };
    fleet all(rows, options);
    gate open;
    auto callback = [&open](context&) -> task<> {
      co_await open.passed();
      co_return {};
    };
    background<void> going(time, all.run(root, callback));
    time.run_until_idle();
    auto events = all.events();
    time.advance(2min);
    std::vector<casualty> down;
    while (auto next = events.try_next()) {
      if (!next->event) break;
      const record& what = *next->event;
      if (!what.ended) continue;
      casualty one;
      one.name = *what.key;
      one.how = to_string(what.ended->reason);
      one.cause = what.ended->cause;
      one.because_of = what.because_of;
      one.at = what.at;
      down.push_back(one);
    }
    const auto trees = failure_trees(down);
    ASSERT_EQ(trees.size(), 1U) << "round " << round;
    EXPECT_EQ(trees[0].root().name, std::string(1, static_cast<char>('a' + broken)));
    open.open();
    time.advance(1h);
    ASSERT_TRUE(going.done());
  }
}

}  // namespace
}  // namespace steward::test
