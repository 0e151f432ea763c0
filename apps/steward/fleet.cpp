// SPDX-License-Identifier: Apache-2.0
#include "fleet.hpp"

#include "steward/deadline_context.hpp"
#include "unit_exit.hpp"
#include "unit_keys.hpp"
#include "unit_program.hpp"
#include "unit_snapshot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

namespace steward {
namespace {

// The keeper executes one program after the other, in about a millisecond each. So many on their way keep it busy while the daemon waits for a
// processor that the programs just started are using.
constexpr std::size_t least_starting = 16;

// Less than a client waits for an answer.
constexpr std::chrono::seconds longest_first_look(20);
constexpr std::chrono::milliseconds between_looks(5);

error the_end() { return {errc::manager_not_running, "the daemon is ending"}; }

stop_need stop_need_of(const unit& what) { return {.deadline = what.stop.deadline, .after = needs_of(what), .signal = what.stop.signal}; }

}  // namespace

fleet::fleet(unit_store& store, keeper_spawner& spawner, std::filesystem::path logs, std::function<void(const std::string&)> warn)
    : store_(store),
      spawner_(spawner),
      logs_(std::move(logs)),
      warn_(std::move(warn)),
      ends_(store, spawner),
      since_(wall_now()),
      manager_(store.rows(), [this](const std::string& key, const unit& what) { return make(key, what); }, options()) {
  spawner_.end_those_left([this](const std::string& key, std::string_view note) { return end_of_left(key, note); });
}

auto fleet::options() -> units_manager::options_type {
  units_manager::options_type given;
  given.initial_wait = {};  // the daemon answers from the first moment; who wants to wait looks at the status
  given.max_starting = std::max<std::size_t>(least_starting, 2 * std::thread::hardware_concurrency());
  given.policy = [](const std::string&, const unit& what) { return what.restart; };
  given.deadlines = [](const std::string&, const unit& what) { return deadlines_of(what); };
  given.after = [](const std::string&, const unit& what) { return what.after; };
  given.store = this;
  given.outlived = [this](const std::string& key) { return has_outlived(key); };
  given.requirements = [](const std::string&, const unit& what) { return what.requirements; };
  given.group = [this](const std::string& key, const unit& what) { return place_of(key, what); };
  given.groups = [this](const std::string& name) { return groups_[name]; };
  given.edit = [this](const std::string& key, const unit& was, const unit& now) { return edit_of_row(key, was, now); };
  given.on_event = [this](const manager_event<std::string>& what) { note(what); };
  return given;
}

task<> fleet::run(context& ctx, callback ready) {
  context while_it_runs(ctx);
  if (auto dropped = co_await ends_.drop_known(ctx); !dropped) co_return dropped;
  running_ = &ctx;
  const auto compared = co_await compare_what_was_left(ctx);
  if (!compared) warn_("what a former daemon left: " + compared.error().to_string());
  task_scope beside(ctx.scheduler());
  beside_ = &beside;
  beside.start(end_left(ctx, while_it_runs, beside, compared.has_value()));
  beside.start(ends_.keep_dropping(while_it_runs));
  const auto until_the_end = [this, ready](context& inside) -> task<> {
    auto asked = co_await ready(inside);
    ending_ = true;
    co_return asked;
  };
  auto outcome = co_await manager_.run(ctx, until_the_end);
  ending_ = true;
  while_it_runs.stop();
  beside_ = nullptr;
  (void)co_await beside.join();
  (void)co_await ends_.drop_settled(ctx);
  running_ = nullptr;
  co_return outcome;
}

// The manager tells nobody that a pass is over, which may also have found nothing: it is looked after.
task<> fleet::first_look(context& ctx) {
  deadline_context patience(ctx, longest_first_look);
  while (manager_.passes() == 0 && !ending_) {
    if (auto slept = co_await patience.sleep_for(between_looks); slept) continue;
    if (auto why = ctx.stop_error()) co_return std::move(*why);
    co_return error(errc::unreadable, "the table is still being read for the first time; ask again later");
  }
  co_return {};
}

result<runnable> fleet::make(const std::string& key, const unit& what) {
  const auto known = manager_.status(key);
  living_.insert_or_assign(key, stop_need_of(what));
  to_restart_.erase(key);
  program_options how = options_of(what);
  how.stop = [this](const std::string& of) { return farewell_of(of); };
  how.key = key;
  how.note = note_of(what, known ? known->incarnation : 1);
  if (spawner_.unclaimed().contains(key)) how.accept = [note = how.note](std::string_view left) { return same_definition(note, left); };
  how.left_is_ready = ran_before_.contains(key);
  how.log.file = log_of(key);
  how.on_started = [this](const std::string& of, int pid) {
    pids_[of] = pid;
    ends_.followed(of);
    changed_.ring();
  };
  how.on_not_ready = [this](const std::string& of, const std::string& why) { not_ready_[of] = why; };
  how.on_log = [this](const std::string& of, std::error_code why) { note_log(of, why); };
  how.on_gone = [this](const std::string& of, spawner::held gone) { ends_.took(of, std::move(gone)); };
  return program(what.program, std::move(how), spawner_);
}

// Asked for each row that the manager has taken, also under one that goes on.
std::optional<group_place> fleet::place_of(const std::string& key, const unit& what) {
  if (const auto living = living_.find(key); living != living_.end()) living->second = stop_need_of(what);
  group_of_.erase(key);
  if (!what.group) return std::nullopt;
  group_of_.emplace(key, what.group->name);
  groups_[what.group->name] = what.group->policy;
  return group_place{.group = what.group->name, .place = what.group->place};
}

row_edit fleet::edit_of_row(const std::string& key, const unit& was, const unit& now) const {
  return to_restart_.contains(key) ? row_edit::restart : edit_of(was, now);
}

// As the row is now. One that is ready is forced by the manager, which began to count earlier; one that was asked while it started counts for itself.
farewell fleet::farewell_of(const std::string& key) const {
  const auto living = living_.find(key);
  return living == living_.end() ? farewell() : to_farewell(living->second.signal, living->second.deadline);
}

// An incarnation that a former daemon began and that still lives goes on under its number, unless it has to make way for another.
row_past fleet::recall(const std::string& key) {
  row_past past = store_.memory().recall(key);
  const auto [first, last] = spawner_.unclaimed().equal_range(key);
  for (auto left = first; left != last; ++left)
    if (const auto living = incarnation_of(left->second->what.note)) {
      const bool goes_on = can_go_on(*left->second);
      const bool was_ready = past.state == row_state::running && past.incarnation == *living && past.since != instant{};
      if (goes_on && was_ready) ran_before_.insert_or_assign(key, past.since);
      if (past.incarnation != *living) past.since = {};  // what is remembered is of one before it
      if (past.incarnation != *living && is_going(past.state)) past.state = row_state::running;
      past.incarnation = goes_on ? *living - 1 : *living;
    }
  return past;
}

bool fleet::has_outlived(const std::string& key) const {
  const auto [first, last] = spawner_.unclaimed().equal_range(key);
  const auto goes_on = [this](const auto& left) { return incarnation_of(left.second->what.note) && can_go_on(*left.second); };
  return left_.same.contains(key) && std::any_of(first, last, goes_on);
}

bool fleet::can_go_on(const held_program& left) const {
  return left.can_be_gone_on_with() && !left_.other.contains(left.what.key) && !left_.unwanted.contains(left.what.key);
}

void fleet::remember(const std::string& key, const row_past& past) {
  row_past known = past;
  known.since = since_of(key, past.state, past.since);
  if (const exit* const last = last_of(key, past.last)) known.last = with_numbers(*last);
  store_.memory().remember(key, known);
}

void fleet::forget(const std::string& key) {
  to_restart_.erase(key);
  group_of_.erase(key);
  ends_of_left_.erase(key);
  store_.memory().forget(key);
}

restart_history fleet::recall_group(const std::string& name) { return store_.memory().recall_group(name); }

void fleet::remember_group(const std::string& name, const restart_history& history) { store_.memory().remember_group(name, history); }

task<> fleet::flush(context& ctx) { return store_.memory().flush(ctx); }

void fleet::ring_all() {
  changed_.ring();
  for (doorbell* const each : waiting_) each->ring();
}

void fleet::note_log(const std::string& key, std::error_code why) {
  const auto known = log_troubles_.find(key);
  if (known == log_troubles_.end() ? !why : known->second == why) return;
  if (why) {
    log_troubles_[key] = why;
    warn_(fmt::format("{}: {}; it is lost, and the program goes on", key, log_trouble_text(key, why)));
  } else {
    log_troubles_.erase(known);
    warn_(fmt::format("{}: output is written to {} again", key, log_of(key).string()));
  }
  changed_.ring();
}

void fleet::note(const manager_event<std::string>& what) {
  events_.add(to_unit_event(what));
  if (what.problem != nullptr) {
    look_at_trouble();
    if (what.key != nullptr) problems_[*what.key] = problem{what.problem->to_string(), manager_.passes()};
    warn_(what.key != nullptr ? fmt::format("{}: {}", *what.key, what.problem->to_string()) : what.problem->to_string());
    return;
  }
  ring_all();
  if (!is_alive(what.state)) {
    pids_.erase(*what.key);
    ran_before_.erase(*what.key);
    living_.erase(*what.key);
  }
  if (what.state != row_state::starting) not_ready_.erase(*what.key);
  if (what.state == row_state::running || what.state == row_state::completed) problems_.erase(*what.key);
  if (is_alive(what.state) && what.state != row_state::running) return;
  ends_.decided(*what.key, what.state);
}

task<plan_answer> fleet::plan(context& ctx, unit_map units) {
  if (ending_) co_return the_end();
  auto preview = co_await store_.preview(ctx, std::move(units));
  if (!preview) {
    look_at_trouble();
    co_return std::move(preview.error());
  }
  unit_snapshot rows(std::move(preview->rows));
  plan_answer answer;
  answer.units = std::move(preview->answer);
  answer.steps = co_await or_return(manager_.plan(ctx, rows));
  co_return answer;
}

// The table tells the manager of an edit before it returns (sqlite_table::watch): no pass is needed to find it.
task<apply_answer> fleet::apply(context& ctx, unit_map units) {
  if (ending_) co_return the_end();
  auto answer = co_await store_.apply(ctx, std::move(units));
  if (!answer) look_at_trouble();
  co_return answer;
}

task<control_answer> fleet::start(context& ctx, std::string key) {
  if (ending_) co_return the_end();
  const auto known = manager_.status(key);
  const row_state state = known ? known->state : row_state::stopped;
  const bool lives = state == row_state::starting || state == row_state::running || state == row_state::waiting;
  const auto row = co_await store_.rows().get(ctx, key);  // what cannot be read does not start
  if (!row) co_return refused(key, row.error());
  const auto edited = co_await store_.want(ctx, key, wanted::up, !lives);
  if (!edited) co_return refused(key, edited.error());
  const bool ready_or_starting = state == row_state::starting || state == row_state::running;
  const std::string others = ready_or_starting ? "" : held_back_by(*row->value);
  control_answer answer{.key = key, .changed = *edited, .message = {}};
  if (state == row_state::abandoned)
    answer.message = fmt::format("{} starts as soon as its last program, which was killed, is gone", key);
  else if (!others.empty())
    answer.message = fmt::format("{} waits for {}", key, others);
  else if (!lives)
    answer.message = fmt::format("{} starts", key);
  else
    answer.message = fmt::format("{} is {} {}", key, to_string(state), *edited ? "and goes on" : "already");
  co_return answer;
}

task<control_answer> fleet::restart(context& ctx, std::string key) {
  if (ending_) co_return the_end();
  const auto row = co_await store_.rows().get(ctx, key);
  if (!row) co_return refused(key, row.error());
  to_restart_.insert(key);
  const auto edited = co_await store_.want(ctx, key, wanted::up, true);
  if (!edited) {
    to_restart_.erase(key);
    co_return refused(key, edited.error());
  }
  const std::string others = held_back_by(*row->value);
  control_answer answer{.key = key, .changed = true, .message = {}};
  answer.message = others.empty() ? fmt::format("{} restarts", key) : fmt::format("{} restarts, but first waits for {}", key, others);
  co_return answer;
}

task<control_answer> fleet::stop(context& ctx, std::string key) {
  const auto known = manager_.status(key);
  const auto edited = co_await store_.want(ctx, key, wanted::down);
  if (!edited) co_return refused(key, edited.error());
  const bool lived = known && known->state != row_state::stopped && !is_settled(known->state);
  const bool left = is_left(key);
  co_await or_return(stop_and_wait(ctx, key));
  control_answer answer{.key = key, .changed = *edited || lived || left, .message = {}};
  answer.message = key + (answer.changed ? " is stopped" : " is stopped already");
  co_return answer;
}

task<control_answer> fleet::remove(context& ctx, std::string key) {
  const auto removed = co_await store_.remove(ctx, key);
  if (!removed) co_return refused(key, removed.error());
  const auto known = manager_.status(key);
  if (!*removed && !(known && is_alive(known->state)) && !is_left(key)) co_return no_unit(key);
  std::string dependents;
  if (*removed) dependents = (co_await what_becomes_of_dependents(ctx, key)).value_or("");
  co_await or_return(stop_and_wait(ctx, key));
  problems_.erase(key);
  log_troubles_.erase(key);
  control_answer answer{.key = key, .changed = *removed, .message = {}};
  answer.message = key + (*removed ? " is removed" : " is removed already") + dependents;
  co_return answer;
}

// The units that one waits for and that are not ready, each with its state.
std::string fleet::held_back_by(const unit& what) const {
  std::vector<std::string> words;
  for (const std::string& each : needs_of(what)) {
    const auto known = manager_.status(each);
    if (!known)
      words.push_back(fmt::format("{} (there is no such unit)", each));
    else if (known->state != row_state::running)
      words.push_back(fmt::format("{} ({})", each, to_string(known->state)));
  }
  return fmt::format("{}", fmt::join(words, ", "));
}

// Those that go down with `key`, and those that only come after it.
task<std::string> fleet::what_becomes_of_dependents(context& ctx, std::string key) {
  const auto all = co_await or_return(store_.dependents(ctx, key));
  std::string text;
  if (!all.require.empty()) text += fmt::format("; what requires it is down until there is a unit {} again: {}", key, fmt::join(all.require, ", "));
  if (!all.come_after.empty()) text += fmt::format("; what comes after it waits for it at its next start: {}", fmt::join(all.come_after, ", "));
  co_return text;
}

error fleet::refused(const std::string& key, const error& why) {
  look_at_trouble();
  return why.is(errc::not_found) ? no_unit(key) : why;
}

// Whoever meets with trouble first: the next pass says so in the status, and those after it find out when it is over.
void fleet::look_at_trouble() {
  if (store_.trouble() && !manager_.unreadable()) manager_.reconcile_now();
}

// Until it is gone, or abandoned: then it may be for ever; and what a former daemon left of it, too.
task<> fleet::stop_and_wait(context& ctx, std::string key) {
  while (true) {
    if (beside_ == nullptr) co_return the_end();
    auto outcome = std::make_shared<std::optional<result<>>>();
    auto asking = ask_to_stop(key, outcome);
    if (!beside_->start(std::move(asking))) co_return errc::out_of_memory;
    auto waiting = wait_while(ctx, [this, key, outcome] { return !outcome->has_value() && !abandoned(key); });
    co_await or_return(std::move(waiting));
    if (auto why = abandoned(key)) co_return std::move(*why);
    if (!**outcome && (*outcome)->error().is_stop()) co_return **outcome;
    if (!is_stopping(key)) break;  // how it ended is in its status; that it was down already is success
    // Somebody else has asked it to stop, perhaps so that it starts again: then it is asked once more.
    waiting = wait_while(ctx, [this, key] { return is_stopping(key) && !abandoned(key); });
    co_await or_return(std::move(waiting));
  }
  auto ending = end_left_of(ctx, key);
  co_return co_await std::move(ending);
}

// The stop under the daemon's context and not the request's: a client that goes away must not make a graceful stop a forced one.
task<> fleet::ask_to_stop(std::string key, std::shared_ptr<std::optional<result<>>> outcome) {
  auto stopping = manager_.stop(*running_, key);
  auto stopped = co_await std::move(stopping);
  outcome->emplace(std::move(stopped));
  ring_all();
  auto looking = look_if_wanted(std::move(key));
  co_return co_await std::move(looking);
}

// A stop by hand lasts until the next pass. Somebody may have started it, or added it again, meanwhile: then that comes at once.
task<> fleet::look_if_wanted(std::string key) {
  const auto row = co_await store_.rows().get(*running_, key);
  const bool wanted_up = row ? row->wanted == wanted::up : !row.error().is(errc::not_found);
  if (wanted_up) manager_.reconcile_now();
  co_return {};
}

task<> fleet::wait_while(context& ctx, std::function<bool()> holds) {
  doorbell rung;
  const auto place = waiting_.insert(waiting_.end(), &rung);
  result<> outcome;
  while (outcome && holds()) {
    outcome = co_await rung.wait(ctx);
  }
  waiting_.erase(place);
  if (!holds()) co_return {};
  co_return outcome;
}

std::optional<error> fleet::abandoned(const std::string& key) const {
  const auto known = manager_.status(key);
  if (!known || known->state != row_state::abandoned) return std::nullopt;
  const auto pid = pid_of(key);
  return error(std::make_error_code(std::errc::device_or_resource_busy),
               fmt::format("{} is abandoned since {}: its program{} was killed and is not gone; when it is, it stays down", key,
                           timestamp_text(on_the_wall(known->since)), pid ? fmt::format(", pid {},", *pid) : ""));
}

bool fleet::is_stopping(const std::string& key) const {
  const auto known = manager_.status(key);
  return known && is_going(known->state);
}

std::filesystem::path fleet::log_of(const std::string& key) const { return logs_ / (key + ".log"); }

}  // namespace steward
