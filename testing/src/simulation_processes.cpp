// SPDX-License-Identifier: Apache-2.0
//
// What runs in a simulation: the user's runnables, or none, beneath what goes wrong with them.
#include "simulation_world.hpp"
#include "steward/deadline_context.hpp"
#include "steward/stop_callback.hpp"
#include "steward/wait.hpp"

#include <stdexcept>
#include <string>
#include <utility>

namespace steward::testing {

result<runnable> simulation_world::make(const std::string& name, const simulated_row& row) {
  const auto known = kept_->status(name);
  const simulated_run script = row.run(runs_[row.version]++);
  incarnation who{{number_of(name), known->generation, known->incarnation, row.version}, script, nop()};
  if (known->state == row_state::running) {  // it is to replace that one: its number is the next, and its generation is told when it does
    ++who.number;
    who.generation = 0;
  }
  if (script.what == mishap::cannot_be_made && keeper_.find(name) == nullptr) return fail(error("cannot be made, on purpose"));
  if (what_.make) {
    auto made = what_.make(name);
    if (!made) return made;
    who.inside = std::move(*made);
  }
  return runnable([this, who](context& ctx, callback ready) { return live(ctx, ready, who); });
}

/// Notes when a process begins or is taken over, and that it has ended, however it does.
class simulation_world::on_stage {
 public:
  on_stage(simulation_world& of, incarnation& who) : of_(of), who_(who) {
    of_.enter(who);
    of_.on_stage_.push_back(&who_);
  }
  on_stage(const on_stage&) = delete;
  on_stage& operator=(const on_stage&) = delete;
  ~on_stage() {
    std::erase(of_.on_stage_, &who_);
    of_.note(happening::ended, who_).text = failure_;
  }

  /// The error with which it ends.
  [[nodiscard]] error with(const char* failure) {
    failure_ = failure;
    return error(failure_);
  }

 private:
  simulation_world& of_;
  const incarnation& who_;
  std::string failure_;
};

task<> simulation_world::live(context& ctx, callback ready, incarnation who) {
  on_stage here(*this, who);
  const auto note_forced = [&] { note(happening::forced, who); };
  const stop_callback forced(ctx, note_forced);
  const auto use = [&](context& handed) { return be_used(ctx, handed, ready, who, here); };
  switch (who.script.what) {
    case mishap::is_slow:
      if (auto slept = co_await ctx.sleep_for(who.script.time); !slept) co_return slept;
      break;
    case mishap::hangs: {
      const error why = co_await ctx.stopped();
      co_return why;
    }
    case mishap::fails_to_start:
      co_return here.with("fails to start, on purpose");
    case mishap::ends_before_ready:
      co_return {};
    case mishap::throws:
      throw std::runtime_error(here.with("throws, on purpose").to_string());
    default:
      break;
  }
  co_return co_await who.inside.run(ctx, use);
}

task<> simulation_world::be_used(context& ctx, context& handed, callback ready, const incarnation& who, on_stage& here) {
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
  if (lost && who.script.what == mishap::crashes) co_return here.with("crashes, on purpose");
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

task<> simulation_world::reload(context& ctx, std::size_t key, std::uint32_t version, simulated_edit how) {
  const std::size_t begun = trace_.size();
  note(happening::reload_begun, key).version = version;
  result<> outcome;
  if (how.reload == reloading::is_slow || how.reload == reloading::fails) outcome = co_await ctx.sleep_for(how.time);
  if (how.reload == reloading::hangs) {
    error why = co_await ctx.stopped();
    outcome = fail(std::move(why));
  }
  const bool fails = how.reload == reloading::fails || how.reload == reloading::throws;
  const auto why = ctx.stop_error();
  const bool given_up = !outcome && why && why->inherited();  // its deadline is another matter
  trace_event& told = note(given_up ? happening::reload_given_up : happening::reload_answered, key);
  told.version = version;
  told.call = begun;
  told.yes = outcome && !fails;
  if (how.reload == reloading::throws) throw std::runtime_error("cannot take it, on purpose");
  if (outcome && fails) co_return error("cannot take it, on purpose");
  co_return outcome;
}

}  // namespace steward::testing
