// SPDX-License-Identifier: Apache-2.0
#include "steward/program/keeper_spawner.hpp"

#include "run_held.hpp"
#include "steward/asio/use_task.hpp"
#include "steward/blocking_leaf.hpp"
#include "steward/deadline_context.hpp"
#include "steward/program/detail/untold.hpp"
#include "steward/program/launch.hpp"
#include "steward/program/process_group.hpp"
#include "steward/root_context.hpp"
#include "steward/wait.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <set>
#include <utility>

namespace steward {
namespace {

constexpr std::size_t output_capacity = std::size_t{1} << 20U;
constexpr std::chrono::milliseconds between_looks(50);
constexpr std::chrono::seconds between_keepers(1);

error to_error(const detail::reply& answer) {
  if (const auto* no = std::get_if<detail::failed>(&answer)) return {std::error_code(no->number, std::generic_category()), no->text};
  return error("the keeper gave an answer to another question");
}

detail::reply to_reply(const error& why) { return detail::failed{why.code().value(), why.to_string()}; }

// Otherwise this process had no room for one of its descriptors, or both.
bool came_whole(const held_program& which) noexcept { return which.pidfd && which.output; }

// Anything else tells of this process alone, as that it is out of descriptors.
bool says_that_it_is_gone(const error& why) { return why.is(std::make_error_code(std::errc::no_such_process)); }

// Its keeper alone had a descriptor of it, and is dead.
void find_again(held_program& which) {
  auto living = open_process({boot_id().value_or(""), which.what.pid, which.what.start_time});
  if (living) {
    which.pidfd = std::move(*living);
  } else if (says_that_it_is_gone(living.error())) {
    which.what.state.phase = detail::held_phase::gone;
  }
}

}  // namespace

keeper_spawner::keeper_spawner(boost::asio::io_context& io, keeper_link link, process_register started, std::function<result<keeper_link>()> renew,
                               std::function<void(const std::string&)> warn)
    : io_(io),
      register_(std::move(started)),
      renew_(std::move(renew)),
      warn_(std::move(warn)),
      channel_(std::move(link.socket), detail::frame_channel::descriptors::keep),
      socket_(io, channel_.fd()),
      keeper_(link.pid) {}

// The channel closes the descriptor.
keeper_spawner::~keeper_spawner() {
  if (socket_.is_open()) socket_.release();
}

task<> keeper_spawner::run(context& ctx, callback ready) {
  detail::beside reading(ctx.scheduler());
  detail::beside writing(ctx.scheduler());
  reading.start(keep_reading(ctx.scheduler()));
  writing.start(keep_writing());
  result<> outcome = co_await take_in_those_held();
  if (outcome) outcome = take_in_those_not_held(ctx.scheduler());
  const bool all_known = outcome.has_value();
  if (all_known) outcome = co_await ready(ctx);
  // It stays if it still holds something, and a later daemon finds it.
  leaving_ = connected_ && programs_.empty() && of_dead_keepers_.empty();
  if (leaving_) (void)co_await ask_done(detail::shutdown_request());
  closing_ = true;
  to_write_.ring();
  if (between_attempts_ != nullptr) between_attempts_->stop();
  if (socket_.is_open()) socket_.cancel();
  (void)co_await writing.join();
  (void)co_await reading.join();
  for (detail::orphan& each : orphans_) (void)co_await each.stop();
  if (all_known) strike_out_those_gone();
  co_return outcome;
}

task<> keeper_spawner::keep_reading(scheduler& on) {
  while (!closing_) {
    (void)co_await socket_.async_wait(boost::asio::posix::stream_descriptor::wait_read, use_task.ignoring_stop());
    auto taken = take_frames();
    if (taken || closing_) continue;
    if (leaving_) {
      answer_all(detail::done());  // the end of the connection is what was asked for
      break;
    }
    connection_lost(on, taken.error());
    co_await or_return(find_new_keeper(on));
  }
  co_return {};
}

task<> keeper_spawner::keep_writing() {
  while (!closing_) {
    co_await to_write_.wait();
    while (!closing_ && connected_ && channel_.waiting_out() > 0) {
      (void)co_await socket_.async_wait(boost::asio::posix::stream_descriptor::wait_write, use_task.ignoring_stop());
      if (connected_ && !channel_.flush()) break;  // the reader sees the end of the connection too, and deals with it
    }
  }
  co_return {};
}

task<> keeper_spawner::take_in_those_held() {
  co_await or_return(ask_done(detail::list_request()));
  if (std::ranges::all_of(unclaimed_, [](const auto& each) { return came_whole(*each.second); })) co_return {};
  const auto count = std::to_string(unclaimed_.size());
  co_return detail::too_few_descriptors("the keeper holds " + count + (count == "1" ? " program" : " programs") + ": two descriptors for each",
                                        EMFILE);
}

result<> keeper_spawner::take_frames() {
  for (;;) {
    room_.open();
    auto came = channel_.receive();
    if (!came) return fail(std::move(came.error()));
    for (;;) {
      auto frame = channel_.next();
      if (!frame) return fail(std::move(frame.error()));
      if (!*frame) break;
      auto told = detail::decode_reply(**frame);
      if (!told) return fail(error("what it says is not understood"));
      dispatch(std::move(*told));
    }
    room_.close();
    if (!*came) return {};
  }
}

void keeper_spawner::dispatch(detail::numbered<detail::reply> told) {
  if (const auto* report = std::get_if<detail::changed>(&told.body)) {
    if (const auto known = programs_.find(report->child); known != programs_.end()) {
      known->second->what.state = report->state;
      known->second->changed.ring();
    }
    return;
  }
  held taken;
  if (auto* one = std::get_if<detail::held>(&told.body)) taken = take_in(std::move(one->what));
  const auto asked = asked_.find(told.id);
  if (asked == asked_.end()) return;
  question& waiting = *asked->second;
  if (taken && waiting.start == nullptr) {  // one of a list: its end is still to come
    taken->left = true;
    unclaimed_.emplace(taken->what.key, taken);
    return;
  }
  // Before anybody is told of the start. What remains is the time from its exec to here: should the keeper and this process both be killed in it, the
  // program runs on unknown; see `take_in_those_not_told` for the keeper alone. It is less than a millisecond, unless many start at once and wait for
  // a processor.
  if (taken) write_down(*taken);
  if (taken && !came_whole(*taken)) told.body = to_reply(detail::too_few_descriptors_for_a_program(EMFILE));
  waiting.program = std::move(taken);
  waiting.answer = std::move(told.body);
  if (waiting.start != nullptr) room_.release();
  asked_.erase(asked);
  waiting.answered.ring();
}

auto keeper_spawner::take_in(detail::held_child what) -> held {
  auto program = std::make_shared<held_program>();
  program->what = std::move(what);
  program->pidfd = channel_.take_descriptor();
  program->output = channel_.take_descriptor();
  programs_[program->what.child] = program;
  return program;
}

void keeper_spawner::claim(const held& which) {
  which->claimed = true;
  const auto [first, last] = unclaimed_.equal_range(which->what.key);
  const auto found = std::find_if(first, last, [&](const auto& each) { return each.second == which; });
  if (found != last) unclaimed_.erase(found);
}

result<> keeper_spawner::send(std::uint64_t id, const detail::request& body) {
  if (!connected_) return fail(error("there is no keeper just now"));
  auto frame = detail::encode(id, body);
  // The keeper would end the connection, and with it the supervision of everything else.
  if (frame.size() > detail::keeper_frame_prefix + detail::keeper_max_frame) {
    return fail(error(std::make_error_code(std::errc::argument_list_too_long), "command, environment and definition take " +
                                                                                   std::to_string(frame.size()) + " bytes; at most " +
                                                                                   std::to_string(detail::keeper_max_frame) + " are possible"));
  }
  if (!channel_.send(std::move(frame))) return fail(error("there is no keeper just now"));
  if (channel_.waiting_out() > 0) to_write_.ring();
  return {};
}

task<> keeper_spawner::ask(detail::request body, question& into) {
  const std::uint64_t id = ++last_id_;
  into.start = std::get_if<detail::spawn_request>(&body);
  if (into.start != nullptr) {
    if (auto room = room_.reserve(); !room) co_return std::move(room.error());
    into.asked_at = detail::ticks_after_boot();
  }
  asked_[id] = &into;
  if (auto sent = send(id, body); !sent) {
    if (into.start != nullptr) room_.release();
    asked_.erase(id);
    co_return std::move(sent.error());
  }
  co_await into.answered.wait();
  co_return {};
}

task<> keeper_spawner::ask_done(detail::request body) {
  question done;
  co_await or_return(ask(std::move(body), done));
  if (std::holds_alternative<detail::done>(*done.answer)) co_return {};
  co_return to_error(*done.answer);
}

auto keeper_spawner::spawn(context& ctx, std::string key, std::string note, program_spec what, std::function<bool(std::string_view note)> accept)
    -> task<held> {
  for (auto at = unclaimed_.find(key); at != unclaimed_.end(); at = unclaimed_.find(key)) {
    const held left = at->second;
    if (accept && left->can_be_gone_on_with() && accept(left->what.note)) {
      claim(left);
      co_return left;
    }
    if (!left->ending_since) {
      co_await or_return(end(ctx, left));
      continue;
    }
    auto slept = co_await ctx.sleep_for(between_looks);  // whoever ends it gives it its time, of which this start may have less
    if (!slept) co_return std::move(slept.error());
  }
  if (auto why = ctx.stop_error()) co_return std::move(*why);
  auto ready = prepare(what);
  if (!ready) co_return std::move(ready.error());
  question started;
  detail::spawn_request request{std::move(key), std::move(note), output_capacity, std::move(*ready)};
  co_await or_return(ask(std::move(request), started));
  if (!std::holds_alternative<detail::held>(*started.answer)) {
    if (started.program) co_await or_return(end(ctx, started.program));
    co_return to_error(*started.answer);
  }
  started.program->claimed = true;
  std::string().swap(started.program->what.note);  // is for the next daemon
  co_return std::move(started.program);
}

task<> keeper_spawner::signal(held which, int signal, bool group) {
  if (which->is_gone()) co_return {};
  if (!which->orphaned) {
    const detail::signal_request request{which->what.child, static_cast<std::uint32_t>(signal), group};
    auto done = co_await ask_done(request);
    if (done || !which->orphaned) co_return {};
    if (which->is_gone()) co_return {};
  }
  if (!which->pidfd) co_return {};  // its number alone may be that of a stranger
  // Its keeper has died, perhaps with the request in its hands.
  const group_leader leader{.pidfd = which->pidfd.get(), .pid = which->what.pid, .reaped = true};
  if (group)
    (void)signal_group(leader, signal);
  else
    (void)signal_leader(leader, signal);
  co_return {};
}

void keeper_spawner::forget(const held& which) {
  if (which->orphaned) {
    std::erase(of_dead_keepers_, which);
    return;
  }
  if (programs_.erase(which->what.child) > 0) (void)send(++last_id_, detail::forget_request{which->what.child});
}

task<> keeper_spawner::end(context& ctx, held which) {
  program_options options;
  if (end_of_) options = end_of_(which->what.key, which->what.note);
  const farewell how = options.stop ? options.stop(which->what.key) : farewell();
  const instant patience = later(ctx.now(), how.deadline);
  const auto is_in_reach = [&which] { return !which->orphaned || which->pidfd; };
  const bool was_asked = which->ending_since.has_value();
  if (!was_asked) which->ending_since = ctx.now();
  if (!was_asked && which->output) {
    const auto nobody = [](context&) -> task<> { co_return {}; };
    auto until_gone = detail::run_held(ctx, nobody, *this, which, options);
    (void)co_await std::move(until_gone);  // how it ended is in its record
  }
  boost::asio::steady_timer pause(io_);
  int sent = was_asked ? how.signal : 0;
  while (!which->is_gone()) {
    if (!is_in_reach()) watch_orphan(ctx.scheduler(), which);  // there may be a descriptor for it by now
    const int due = which->killed || ctx.grace().is_stopped() || ctx.now() >= patience ? SIGKILL : how.signal;
    const bool was_sent = due == sent || which->killed;
    if (!was_sent && is_in_reach()) {
      which->killed = due == SIGKILL;  // also where its keeper does not answer
      (void)co_await signal(which, due, true);
      if (is_in_reach())
        sent = due;
      else
        which->killed = false;  // its keeper has died with the request in its hands
    }
    pause.expires_after(between_looks);
    (void)co_await pause.async_wait(use_task.ignoring_stop());
  }
  claim(which);
  forget(which);
  co_return {};
}

void keeper_spawner::watch_orphan(scheduler& on, const held& which) {
  if (!which->is_gone() && !which->pidfd) find_again(*which);
  if (!which->is_gone() && which->pidfd) orphans_.emplace_back(io_, on, which);
}

void keeper_spawner::connection_lost(scheduler& on, const error& why) {
  connected_ = false;
  warn_("the keeper is lost (" + why.to_string() + "); programs go on, and nothing is started until there is a new one");
  socket_.release();
  (void)std::move(channel_).release();  // closed, so that a keeper that lives after all is free for the next connection
  room_.clear();
  orphans_.remove_if([](const detail::orphan& each) { return each.has_ended(); });
  for (const auto& [child, each] : std::exchange(programs_, {})) {
    each->orphaned = true;
    of_dead_keepers_.push_back(each);
    watch_orphan(on, each);
  }
  take_in_those_not_told(on);
  answer_all(detail::failed{ECONNRESET, "the keeper has died"});
}

// What it had executed and not told of: without its output it cannot be gone on with. Starts are carried out in the order in which they were asked
// for, so those who wait longest have it. A child has a copy of the keeper's end of the connection until its exec: what is not there now does not
// come.
void keeper_spawner::take_in_those_not_told(scheduler& on) {
  std::vector<question*> starts;
  std::uint64_t since = detail::ticks_after_boot();
  for (const auto& [id, waiting] : asked_) {
    if (waiting->start == nullptr) continue;
    starts.push_back(waiting);
    since = std::min(since, waiting->asked_at);
  }
  auto next = starts.begin();
  if (next == starts.end()) return;
  for (process_identity& each : detail::started_by(keeper_, since)) {
    if (next == starts.end()) return;
    if (knows(each)) continue;
    auto living = open_process(each);
    if (!living && says_that_it_is_gone(living.error())) continue;
    question& of = **next++;
    of.program = take_in_orphan(on, {of.start->key, std::move(each), of.start->note}, std::move(living).value_or(detail::unique_fd()));
    write_down(*of.program);
    warn_(of.start->key + ": process " + std::to_string(of.program->what.pid) +
          " was executed as the keeper died; it is ended before the next one starts");
  }
}

void keeper_spawner::answer_all(const detail::reply& with) {
  for (const auto& [id, waiting] : std::exchange(asked_, {})) {
    waiting->answer = with;
    waiting->answered.ring();
  }
}

bool keeper_spawner::knows(const process_identity& which) const {
  const auto is_it = [&which](const held& each) { return each->what.pid == which.pid && each->what.start_time == which.start_time; };
  return std::ranges::any_of(programs_, [&](const auto& each) { return is_it(each.second); }) || std::ranges::any_of(of_dead_keepers_, is_it);
}

auto keeper_spawner::take_in_orphan(scheduler& on, const registered_process& which, detail::unique_fd pidfd) -> held {
  auto found = std::make_shared<held_program>();
  found->what.key = which.key;
  found->what.note = which.note;
  found->what.pid = which.identity.pid;
  found->what.start_time = which.identity.start_time;
  found->pidfd = std::move(pidfd);
  found->orphaned = true;
  of_dead_keepers_.push_back(found);
  watch_orphan(on, found);
  return found;
}

// Those that ran when the keeper was killed, and the daemon with it or after it. Each is found first under its key, before what a keeper holds.
result<> keeper_spawner::take_in_those_not_held(scheduler& on) {
  if (const auto boot = boot_id(); !boot) return fail(boot.error());  // read once: whatever starts is noted by it
  const auto before = register_.read();
  if (!before) return fail(before.error());
  std::vector<std::pair<registered_process, detail::unique_fd>> living;
  for (const registered_process& each : *before) {
    auto opened = open_process(each.identity);
    if (!opened && !says_that_it_is_gone(opened.error())) return fail(opened.error().prefixed(each.key + ": "));
    if (opened) living.emplace_back(each, std::move(*opened));
  }
  std::set<std::string, std::less<>> noted;
  for (auto& [each, pidfd] : living) {
    noted.insert(each.key);
    if (knows(each.identity)) continue;
    const held found = take_in_orphan(on, each, std::move(pidfd));
    found->left = true;
    unclaimed_.emplace_hint(unclaimed_.lower_bound(each.key), each.key, found);
    warn_(each.key + ": process " + std::to_string(each.identity.pid) + " runs on without a keeper; it is ended");
  }
  for (const auto& [child, each] : programs_)
    if (!noted.contains(each->what.key)) write_down(*each);
  strike_out_those_gone();
  return {};
}

void keeper_spawner::write_down(const held_program& which) {
  if (which.is_gone()) return;
  const registered_process entry{which.what.key, {boot_id().value_or(""), which.what.pid, which.what.start_time}, which.what.note};
  tell_if_new(register_.add(entry));
  if (register_.is_long()) strike_out_those_gone();
}

void keeper_spawner::tell_if_new(const result<>& written) {
  if (!written && register_works_)
    warn_(written.error().to_string() + "; what is started now is not found again if the keeper and the daemon are both killed");
  register_works_ = written.has_value();
}

void keeper_spawner::strike_out_those_gone() {
  std::set<std::string, std::less<>> living;
  const auto keep = [&living](const held& which) {
    if (!which->is_gone()) living.insert(which->what.key);
  };
  for (const auto& [child, each] : programs_) keep(each);
  for (const held& each : of_dead_keepers_) keep(each);
  tell_if_new(register_.keep_only(living));
}

// On a thread of its own: until there is one, everything else goes on.
task<keeper_link> keeper_spawner::new_link(scheduler& on) {
  result<keeper_link> link = fail(errc::failed);
  const auto asking = blocking_leaf([this, &link](const std::stop_token&) -> result<> {
    link = renew_();
    return {};
  });
  const auto nobody = [](context&) -> task<> { co_return {}; };
  root_context ctx(on);
  const auto work = boost::asio::make_work_guard(io_);  // also when nothing else is left to wait for
  co_await or_return(asking.run(ctx, nobody));
  co_return link;
}

task<> keeper_spawner::find_new_keeper(scheduler& on) {
  while (!closing_) {
    auto link = co_await new_link(on);
    if (closing_) co_return {};  // what was started for nobody leaves by itself
    if (link) {
      channel_ = detail::frame_channel(std::move(link->socket), detail::frame_channel::descriptors::keep);
      socket_.assign(channel_.fd());
      keeper_ = link->pid;
      connected_ = true;
      warn_("there is a new keeper");
      co_return {};
    }
    warn_(link.error().to_string());
    root_context attempts(on);
    deadline_context pause(attempts, between_keepers);
    between_attempts_ = &pause;
    co_await pause.stopped();
    between_attempts_ = nullptr;
  }
  co_return {};
}

}  // namespace steward
