// SPDX-License-Identifier: Apache-2.0
#include "simulation_world.hpp"

#include "steward/deadline_context.hpp"
#include "steward/stop_callback.hpp"
#include "steward/wait.hpp"

#include <algorithm>
#include <stdexcept>
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
  const auto factory = [this](const std::string& name, const simulated_row& row) { return make(name, row); };
  kept_ = std::make_unique<fleet>(table_, factory, options());
}

simulation_world::fleet::options_type simulation_world::options() {
  fleet::options_type how;
  how.interval = plan_.interval;
  how.initial_wait = plan_.initial_wait;
  how.max_starting = plan_.max_starting;
  how.total = plan_.total;
  how.policy = [](const std::string&, const simulated_row& row) { return row.policy; };
  how.deadlines = [](const std::string&, const simulated_row& row) { return row.deadlines; };
  how.after = [this](const std::string& name, const simulated_row&) {
    std::vector<std::string> others;
    for (const std::size_t each : plan_.places[number_of(name)].after) others.push_back(plan_.keys[each]);
    return others;
  };
  how.requirements = [this](const std::string& name, const simulated_row&) {
    std::vector<requirement<std::string>> others;
    for (const auto& each : plan_.places[number_of(name)].required) others.push_back({plan_.keys[each.key], each.loss});
    return others;
  };
  how.group = [this](const std::string& name, const simulated_row&) -> std::optional<group_place> {
    const simulated_place& where = plan_.places[number_of(name)];
    if (!where.group) return std::nullopt;
    return group_place{std::to_string(*where.group), where.place};
  };
  how.groups = [this](const std::string& name) { return plan_.groups[std::stoul(name)]; };
  how.on_event = [this](const manager_event<std::string>& what) { note(what); };
  how.spread = [] { return 0.0; };
  return how;
}

bool simulation_world::play() {
  for (const simulated_deed& each : plan_.before) edit(each);
  const auto holding = [this](context& ctx) { return hold(ctx); };
  auto running = std::make_unique<background<void>>(time_, kept_->run(root_, holding));
  for (const simulated_deed& each : plan_.deeds) {
    if (each.after > 0ns) time_.advance(each.after);
    for (std::size_t i = 0; i < each.items; ++i) time_.run_one();
    perform(each);
  }
  const bool early = released_.is_open() || root_.is_stopped();
  if (!early) settle();
  released_.open();
  const auto over = [&] { return running->done() && std::ranges::all_of(callers_, [](const auto& each) { return each.done(); }); };
  if (!time_.run_until(over, long_enough) || !time_.run_until([this] { return time_.leftovers() == 0; }, long_enough)) {
    note(happening::stuck);
    running.release();  // its frames refer to this world, which stays where it is
    return false;
  }
  note(happening::over);
  return true;
}

task<> simulation_world::hold(context&) {
  note(happening::in_use);
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
      callers_.emplace_back(time_, start(what.key, what.time));
      return;
    case deed::stop:
      callers_.emplace_back(time_, stop(what.key, what.time));
      return;
    case deed::get:
      return look(what.key);
    case deed::jump:
      time_.jump(what.time);
      note(happening::jumped);
      return;
    case deed::close:
      return released_.open();
    case deed::force:
      note(happening::run_forced);
      root_.stop();
      return released_.open();
    default:
      return misbehave(what);
  }
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
    case deed::garble:
      table_.garble(plan_.keys[what.key], errc::unreadable);
      break;
    default:
      table_.heal();
      break;
  }
}

void simulation_world::look(std::size_t key) {
  const auto got = kept_->get(plan_.keys[key]);
  trace_event& told = note(happening::looked, key);
  told.yes = got.has_value();
  if (got)
    told.version = (*got)->version;
  else
    told.text = got.error().to_string();
}

task<> simulation_world::start(std::size_t key, std::chrono::nanoseconds patience) {
  deadline_context waiting(callers_root_, patience);
  const std::size_t call = trace_.size();
  note(happening::start_called, key);
  auto starting = kept_->start(waiting, plan_.keys[key]);
  const auto started = co_await std::move(starting);
  trace_event& told = note(happening::start_answered, key);
  told.call = call;
  told.yes = started.has_value();
  if (started)
    told.version = (*started)->version;
  else
    told.text = started.error().to_string();
  co_return {};
}

task<> simulation_world::stop(std::size_t key, std::chrono::nanoseconds patience) {
  deadline_context waiting(callers_root_, patience);
  const std::size_t call = trace_.size();
  note(happening::stop_called, key);
  auto stopping = kept_->stop(waiting, plan_.keys[key]);
  const auto stopped = co_await std::move(stopping);
  trace_event& told = note(happening::stop_answered, key);
  told.call = call;
  told.yes = stopped.has_value();
  if (!stopped) told.text = stopped.error().to_string();
  co_return {};
}

void simulation_world::settle() {
  table_.heal();
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

// --- what runs ---

result<runnable> simulation_world::make(const std::string& name, const simulated_row& row) {
  const auto known = kept_->status(name);
  const simulated_run script = row.run(runs_[row.version]++);
  incarnation who{number_of(name), known->generation, known->incarnation, row.version, script, nop()};
  if (script.what == mishap::cannot_be_made) return fail(error("cannot be made, on purpose"));
  if (what_.make) {
    auto made = what_.make(name);
    if (!made) return made;
    who.inside = std::move(*made);
  }
  return runnable([this, who](context& ctx, callback ready) { return live(ctx, ready, who); });
}

/// Notes when a process begins, and that it has ended, however it does.
class simulation_world::on_stage {
 public:
  on_stage(simulation_world& of, const incarnation& who) : of_(of), who_(who) { of_.note(happening::begun, who_); }
  on_stage(const on_stage&) = delete;
  on_stage& operator=(const on_stage&) = delete;
  ~on_stage() { of_.note(happening::ended, who_); }

 private:
  simulation_world& of_;
  const incarnation& who_;
};

task<> simulation_world::live(context& ctx, callback ready, const incarnation& who) {
  const on_stage here(*this, who);
  const auto note_forced = [&] { note(happening::forced, who); };
  const stop_callback forced(ctx, note_forced);
  const auto use = [&](context& handed) { return be_used(ctx, handed, ready, who); };
  switch (who.script.what) {
    case mishap::is_slow:
      if (auto slept = co_await ctx.sleep_for(who.script.time); !slept) co_return slept;
      break;
    case mishap::hangs: {
      const error why = co_await ctx.stopped();
      co_return why;
    }
    case mishap::fails_to_start:
      co_return error("fails to start, on purpose");
    case mishap::ends_before_ready:
      co_return {};
    case mishap::throws:
      throw std::runtime_error("on purpose");
    default:
      break;
  }
  co_return co_await who.inside.run(ctx, use);
}

task<> simulation_world::be_used(context& ctx, context& handed, callback ready, const incarnation& who) {
  note(happening::ready, who);
  bool lost = false;
  result<> outcome;
  if (who.script.what == mishap::ends || who.script.what == mishap::crashes)
    outcome = co_await until_lost(handed, ready, who, lost);
  else
    outcome = co_await ready(handed);
  note(happening::asked, who);
  if (who.script.what == mishap::winds_down_slowly) (void)co_await ctx.sleep_for(who.script.time);
  if (who.script.what == mishap::ignores_its_stop) co_await deaf_sleep(who.script.time);
  if (lost && who.script.what == mishap::crashes) co_return error("crashes, on purpose");
  co_return outcome;
}

task<> simulation_world::until_lost(context& handed, callback ready, const incarnation& who, bool& lost) {
  context fragile(handed);
  deadline_context fuse(handed, who.script.time);
  const auto lose = [&] {
    if (fuse.stop_error()->inherited()) return;
    lost = true;
    note(happening::lost, who);
    fragile.stop(stop_reason::dependency_lost);
  };
  const stop_callback losing(fuse, lose);
  auto outcome = co_await ready(fragile);
  fragile.stop();
  co_return outcome;
}

// --- what is written down ---

std::size_t simulation_world::number_of(const std::string& name) const {
  return static_cast<std::size_t>(std::ranges::find(plan_.keys, name) - plan_.keys.begin());
}

trace_event& simulation_world::note(happening what, std::size_t key) {
  trace_event& told = trace_.emplace_back();
  told.at = time_.elapsed();
  told.what = what;
  told.key = key;
  return told;
}

void simulation_world::note(happening what, const incarnation& who) {
  trace_event& told = note(what, who.key);
  told.generation = who.generation;
  told.incarnation = who.number;
  told.version = who.version;
}

void simulation_world::note(const manager_event<std::string>& what) {
  trace_event& told = note(what.problem != nullptr ? happening::problem : happening::state);
  if (what.key != nullptr) told.key = number_of(*what.key);
  if (what.because_of != nullptr) told.because_of = number_of(*what.because_of);
  if (what.ended != nullptr) told.reason = what.ended->reason;
  if (what.problem != nullptr) {
    told.text = what.problem->to_string();
    return;
  }
  told.state = what.state;
  told.generation = what.generation;
  told.incarnation = what.incarnation;
}

// The row as it is now, read from the table itself, while nothing else goes on.
void simulation_world::note_row(std::size_t key) {
  background<row<simulated_row>> read(aside_, rows_.get(aside_root_, plan_.keys[key]));
  aside_.run_until_idle();
  trace_event& told = note(read.outcome() ? happening::row_put : happening::row_erased, key);
  if (!read.outcome()) return;
  told.generation = read.outcome()->generation;
  told.version = read.outcome()->value->version;
  told.yes = read.outcome()->wanted == wanted::up;
}

}  // namespace steward::testing
