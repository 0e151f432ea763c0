// SPDX-License-Identifier: Apache-2.0
#include "simulation_world.hpp"

#include "steward/deadline_context.hpp"
#include "steward/stop_callback.hpp"
#include "steward/wait.hpp"

#include <algorithm>
#include <utility>

namespace steward::testing {

using namespace std::chrono_literals;

namespace {

// Longer than anything in a plan takes, one thing after the other.
constexpr auto long_enough = 20s;

}  // namespace

simulation_world::simulation_world(std::uint64_t seed, const simulation_plan& plan, const simulation_options& what, simulation_trace& trace)
    : plan_(plan), what_(what), trace_(trace), time_(seed) {
  table_.rows_in_a_page(plan.rows_in_a_page);
  begin_life();
}

// The one before, if there was one, is lost.
void simulation_world::begin_life() {
  store_.join();
  is_lost_ = false;
  runs_begun_ = 0;
  for (const std::string& name : plan_.keys) (void)goes_on(name);
  const auto factory = [this](const std::string& name, const simulated_row& row) { return make(name, row); };
  kept_ = std::make_unique<fleet>(told_, factory, options());
}

simulation_world::fleet::options_type simulation_world::options() {
  fleet::options_type how;
  how.interval = plan_.interval;
  how.initial_wait = plan_.initial_wait;
  how.max_starting = plan_.max_starting;
  how.read_limit = plan_.read_limit;
  how.total = plan_.total;
  how.policy = [](const std::string&, const simulated_row& row) { return row.policy; };
  how.deadlines = [](const std::string&, const simulated_row& row) { return row.deadlines; };
  how.after = [this](const std::string&, const simulated_row& row) {
    std::vector<std::string> others;
    others.reserve(row.where.after.size());
    for (const std::size_t each : row.where.after) others.push_back(plan_.keys[each]);
    return others;
  };
  how.requirements = [this](const std::string&, const simulated_row& row) {
    std::vector<requirement<std::string>> others;
    others.reserve(row.where.required.size());
    for (const auto& each : row.where.required) others.push_back({plan_.keys[each.key], each.loss});
    return others;
  };
  how.group = [](const std::string&, const simulated_row& row) -> std::optional<group_place> {
    if (!row.where.group) return std::nullopt;
    return group_place{std::to_string(*row.where.group), row.where.place};
  };
  how.groups = [this](const std::string& name) { return plan_.groups[std::stoul(name)]; };
  how.edit = [this](const std::string& name, const simulated_row&, const simulated_row& now) {
    note(happening::edit_asked, number_of(name)).version = now.version;
    return now.edit.kind;
  };
  how.reload = [this](context& ctx, const std::string& name, const std::shared_ptr<const simulated_row>& now) {
    return reload(ctx, number_of(name), now->version, now->edit);
  };
  if (plan_.stores) how.store = &store_;
  how.outlived = [this](const std::string& name) { return goes_on(name); };
  how.on_event = [this](const manager_event<std::string>& what) { note(what); };
  how.spread = [] { return 0.0; };
  return how;
}

bool simulation_world::play() {
  for (const simulated_deed& each : plan_.before) edit(each);
  std::span<const simulated_deed> left = plan_.deeds;
  for (;;) {
    if (!run_once(left)) return false;
    if (!is_lost_) break;
    begin_life();
  }
  if (plan_.runs_again && !run_once(left)) return false;
  end_what_is_kept();
  note(happening::over);
  return true;
}

bool simulation_world::run_once(std::span<const simulated_deed>& what) {
  released_.close();
  context& ctx = roots_.emplace_back(time_);
  main_call_ = trace_.size();
  note(happening::run_called);
  auto running = std::make_unique<background<void>>(time_, main_run(ctx));
  while (!what.empty() && !is_lost_) {
    const simulated_deed& each = what.front();
    what = what.subspan(1);
    if (each.after > 0ns) time_.advance(each.after);
    for (std::size_t i = 0; i < each.items; ++i) time_.run_one();
    perform(each);
  }
  const bool early = released_.is_open() || ctx.is_stopped();
  if (!early) settle();
  released_.open();
  const auto over = [&] { return running->done() && std::ranges::all_of(callers_, [](const auto& each) { return each.done(); }); };
  if (time_.run_until(over, long_enough) && time_.run_until([this] { return time_.leftovers() == 0; }, long_enough)) return true;
  note(happening::stuck);
  running.release();  // its frames refer to this world, which stays where it is
  return false;
}

task<> simulation_world::main_run(context& ctx) {
  const std::size_t call = main_call_;
  const auto holding = [this, call](context& handed) { return hold(handed, call); };
  auto running = kept_->run(ctx, holding);
  const auto ran = co_await std::move(running);
  note_answer(happening::run_answered, call, ran);
  co_return {};
}

// Waits for its turn as long as its patience lasts. If it comes, this run is a short one, and nobody hurries it.
task<> simulation_world::other_run(std::chrono::nanoseconds patience) {
  context own(callers_root_);
  deadline_context waiting(callers_root_, patience);
  const std::size_t call = trace_.size();
  const std::size_t begun = runs_begun_;
  note(happening::run_called);
  const auto give_up = [&] {
    if (runs_begun_ != begun) return;
    note(happening::run_forced).call = call;
    own.stop(stop_reason::deadline);
  };
  const stop_callback giving_up(waiting, give_up);
  const auto holding = [this, call](context& handed) -> task<> {
    note(happening::in_use).call = call;
    (void)co_await handed.sleep_for(5ms);
    note(happening::closing);
    co_return {};
  };
  auto running = kept_->run(own, holding);
  const auto ran = co_await std::move(running);
  note_answer(happening::run_answered, call, ran);
  another_waits_ = false;
  co_return {};
}

task<> simulation_world::hold(context& ctx, std::size_t call) {
  note(happening::in_use).call = call;
  const std::size_t inside = trace_.size();
  note(happening::run_called).yes = false;
  const auto never = [](context&) -> task<> { co_return {}; };
  auto running = kept_->run(ctx, never);
  const auto refused = co_await std::move(running);
  note_answer(happening::run_answered, inside, refused);
  co_await released_.passed();
  note(happening::closing);
  co_return {};
}

// --- what is done ---

void simulation_world::perform(const simulated_deed& what) {
  switch (what.what) {
    case deed::put:
    case deed::erase:
    case deed::want_up:
    case deed::want_down:
      edit(what);
      if (!what.hint) return;
      [[fallthrough]];
    case deed::reconcile:
      note(happening::hint);
      return kept_->reconcile_now();
    case deed::start:
      return call(start(what.key, what.time));
    case deed::stop:
      return call(stop(what.key, what.time));
    case deed::rush:
      return rush(what);
    case deed::get:
      return look(what.key);
    case deed::run:
      if (runs_begun_ > 0 && !std::exchange(another_waits_, true)) call(other_run(what.time));
      return;
    case deed::jump:
      time_.jump(what.time);
      note(happening::jumped);
      return;
    case deed::close:
      return released_.open();
    case deed::crash:
      return crash(what);
    case deed::force:
      note(happening::run_forced).call = main_call_;
      roots_.back().stop();
      return released_.open();
    default:
      return misbehave(what);
  }
}

void simulation_world::rush(const simulated_deed& what) {
  for (std::size_t i = 0; i < 2 + what.n; ++i) {
    call(start(what.key, what.time));
    call(stop(what.key, what.time));
    look(what.key);
  }
}

// As far as anybody is told it is gone at once, with all its processes but those that outlive it. It is forced to end, in a while of which nothing is
// written down.
void simulation_world::crash(const simulated_deed& what) {
  note(happening::crashed).yes = what.n == 0;
  keep_those_that_outlive(what);
  is_lost_ = true;
  store_.leave(what.n == 0);
  roots_.back().stop();
  released_.open();
}

void simulation_world::edit(const simulated_deed& what) {
  const std::string& name = plan_.keys[what.key];
  switch (what.what) {
    case deed::put:
      (void)rows_.put(name, what.row, what.want);
      break;
    case deed::erase:
      if (!rows_.erase(name)) return;
      break;
    default:
      if (!rows_.set_wanted(name, what.what == deed::want_up ? wanted::up : wanted::down)) return;
      break;
  }
  note_row(what.key);
}

void simulation_world::misbehave(const simulated_deed& what) {
  trace_event& told = note(what.what == deed::heal ? happening::healed : happening::fault);
  told.text = to_string(what.what);
  switch (what.what) {
    case deed::slow_reads:
      table_.on_every_get(fault::slow(what.time));
      if (what.n % 2 == 0) table_.on_every_fetch(fault::slow(what.time));
      break;
    case deed::failing_reads:
      if (what.n == 0)
        table_.on_every_fetch(fault::failing(errc::unreadable));
      else
        table_.on_fetch(what.n, fault::slow_and_failing(what.time, errc::unreadable));
      break;
    case deed::failing_gets:
      if (what.n == 0)
        table_.on_every_get(fault::failing(errc::unreadable));
      else
        table_.on_get(what.n, fault::slow_and_failing(what.time, errc::unreadable));
      break;
    case deed::late_reads:
      table_.on_every_get(fault::late(what.time));
      if (what.n % 2 == 0) table_.on_every_fetch(fault::late(what.time));
      break;
    case deed::hanging_reads:
      table_.on_fetch(1 + what.n, fault::hanging());
      break;
    case deed::hanging_gets:
      table_.on_get(1 + what.n, fault::hanging());
      break;
    case deed::garble:
      table_.garble(plan_.keys[what.key], errc::unreadable);
      break;
    case deed::lose_hints:
      table_.tell_hints(0);
      break;
    case deed::double_hints:
      table_.tell_hints(2);
      break;
    case deed::delay_hints:
    case deed::reorder_hints:
      table_.hold_hints();
      call(tell_held_hints_after(what.time, what.what == deed::delay_hints ? hint_order::as_it_was : hint_order::backwards));
      break;
    case deed::heal:
      table_.heal();
      store_.heal();
      break;
    default:
      return misbehave_in_store(what);
  }
}

void simulation_world::misbehave_in_store(const simulated_deed& what) {
  switch (what.what) {
    case deed::slow_store:
      return store_.be_slow(what.time);
    case deed::failing_store:
      return store_.fail_to_write(what.n);
    case deed::hanging_store:
      return store_.hang(1 + what.n);
    case deed::deaf_store:
      return store_.be_deaf();
    default:
      return store_.be_blank();
  }
}

task<> simulation_world::tell_held_hints_after(std::chrono::nanoseconds time, hint_order order) {
  (void)co_await callers_root_.sleep_for(time);
  table_.tell_held_hints(order);
  co_return {};
}

void simulation_world::look(std::size_t key) {
  const auto got = kept_->get(plan_.keys[key]);
  trace_event& told = note_answer(happening::looked, 0, got, key);
  if (got) told.version = (*got)->version;
}

task<> simulation_world::start(std::size_t key, std::chrono::nanoseconds patience) {
  deadline_context waiting(callers_root_, patience);
  const std::size_t call = trace_.size();
  note(happening::start_called, key);
  auto starting = kept_->start(waiting, plan_.keys[key]);
  const auto started = co_await std::move(starting);
  trace_event& told = note_answer(happening::start_answered, call, started, key);
  if (started) told.version = (*started)->version;
  co_return {};
}

task<> simulation_world::stop(std::size_t key, std::chrono::nanoseconds patience) {
  deadline_context waiting(callers_root_, patience);
  const std::size_t call = trace_.size();
  note(happening::stop_called, key);
  auto stopping = kept_->stop(waiting, plan_.keys[key]);
  const auto stopped = co_await std::move(stopping);
  note_answer(happening::stop_answered, call, stopped, key);
  co_return {};
}

void simulation_world::settle() {
  table_.heal();
  store_.heal();
  note(happening::healed);
  time_.advance(long_enough);
  note(happening::settled);
  for (std::size_t key = 0; key < plan_.keys.size(); ++key) {
    const auto known = kept_->status(plan_.keys[key]);
    trace_event& told = note(happening::status, key);
    told.yes = known.has_value();
    if (!known) continue;
    told.state = known->state;
    told.generation = known->generation;
    told.incarnation = known->incarnation;
  }
  for (std::size_t key = 0; key < plan_.keys.size(); ++key) look(key);
}

// --- what is written down ---

std::size_t simulation_world::number_of(const std::string& name) const {
  return static_cast<std::size_t>(std::ranges::find(plan_.keys, name) - plan_.keys.begin());
}

trace_event& simulation_world::note(happening what, std::size_t key) {
  trace_event& told = is_lost_ ? unheard_ = trace_event() : trace_.emplace_back();
  told.at = time_.elapsed();
  told.what = what;
  told.key = key;
  return told;
}

template <class T>
trace_event& simulation_world::note_answer(happening what, std::size_t call, const result<T>& answer, std::size_t key) {
  trace_event& told = note(what, key);
  told.call = call;
  told.yes = answer.has_value();
  if (!answer) told.text = answer.error().to_string();
  return told;
}

trace_event& simulation_world::note(happening what, const simulated_process& who) {
  trace_event& told = note(what, who.key);
  told.call = who.begun;
  told.generation = who.generation;
  told.incarnation = who.number;
  told.version = who.version;
  return told;
}

void simulation_world::note(const manager_event<std::string>& what) {
  trace_event& told = note(what.problem != nullptr ? happening::problem : happening::state);
  if (what.key != nullptr) told.key = number_of(*what.key);
  if (what.because_of != nullptr) told.because_of = number_of(*what.because_of);
  if (what.ended != nullptr) {
    told.reason = what.ended->reason;
    if (what.ended->cause) told.text = what.ended->cause->to_string();
  }
  if (what.problem != nullptr) {
    told.text = what.problem->to_string();
    return;
  }
  told.state = what.state;
  told.generation = what.generation;
  told.incarnation = what.incarnation;
}

// The row as it is now, read from the table itself, while nothing else goes on.
result<row<simulated_row>> simulation_world::row_of(const std::string& name) {
  background<row<simulated_row>> read(aside_, rows_.get(aside_root_, name));
  aside_.run_until_idle();
  return std::move(read.outcome());
}

void simulation_world::note_row(std::size_t key) {
  const auto now = row_of(plan_.keys[key]);
  trace_event& told = note(now ? happening::row_put : happening::row_erased, key);
  if (!now) return;
  told.generation = now->generation;
  told.version = versions_[now->generation] = now->value->version;
  told.yes = now->wanted == wanted::up;
}

}  // namespace steward::testing
