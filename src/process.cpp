// SPDX-License-Identifier: Apache-2.0
//
// What a process does is decided by the table in state.hpp; here are the effects. Whoever publishes a waiter under the lock may be overtaken: the
// waiter may be resumed on another thread, and destroy the process, before the next line runs. So publishing is the last thing done, or the domain is
// pinned.
#include "steward/process.hpp"

#include "steward/misuse.hpp"

#include <cstring>
#include <mutex>
#include <utility>

namespace steward {

namespace {

constexpr char no_name[] = "";

// Most processes of a population have none, so a name costs one pointer.
const char* copy_of(std::string_view name) {
  if (name.empty()) return no_name;
  char* const copy = new char[name.size() + 1];
  std::memcpy(copy, name.data(), name.size());
  copy[name.size()] = '\0';
  return copy;
}

}  // namespace

/// The callback's wait, from ready to release.
class [[nodiscard]] ready_awaiter : private detail::hook {
 public:
  ready_awaiter(process& what, context& handed) noexcept : hook(&handed_stopped), process_(&what), handed_(&handed) {}
  ready_awaiter(ready_awaiter&& other) noexcept : ready_awaiter(*other.process_, *other.handed_) {}  // only before it is awaited

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) noexcept {
    return begin(caller.promise());
  }
  void await_resume() noexcept {
    if (handed_ != nullptr) handed_->withdraw(*this);
  }

 private:
  friend class process;

  static void handed_stopped(detail::hook& self) noexcept { static_cast<ready_awaiter&>(self).process_->lost(); }
  bool begin(waiter& callback) noexcept;

  process* process_;
  context* handed_;  // empty where its stop need not be watched
};

// The stop of the handed context is watched from before the process counts as running. In the usual case one section does both.
bool ready_awaiter::begin(waiter& callback) noexcept {
  process& what = *process_;
  context* const inside = &handed_->domain() == static_cast<detail::domain*>(&what) ? std::exchange(handed_, nullptr) : nullptr;
  if (inside == nullptr && !handed_->add(*this)) {
    handed_ = nullptr;
    what.lost();
  }
  std::unique_lock guard(what.lock);
  if (inside != nullptr && inside->is_stopped()) what.apply(process_event::lost);
  if (what.apply(process_event::ready).release) return false;
  if (inside != nullptr && inside != &what.own_) {
    inside->hooks_.push(*this);
    handed_ = inside;
  }
  what.ready_ = true;
  waiter* const starter = std::exchange(what.held_, &callback);
  guard.unlock();
  if (starter != nullptr) transfer(*starter);
  return true;
}

process::process(context& parent, runnable what, std::string_view name)
    : roster_entry(copy_of(name)), hook(&parent_stopped), waiter(&run_ended, &parent.scheduler()), own_(parent, *this), what_(std::move(what)) {
  scope = &own_;
}

process::~process() {
  const std::lock_guard guard(lock);
  if (state_ != process_state::initial && !done_) {
    report_misuse("process", name(),
                  state_ == process_state::starting  ? "destroyed while starting"
                  : state_ == process_state::running ? "destroyed while running"
                                                     : "destroyed while ending");
  }
  if (roster_entry::name != no_name) delete[] roster_entry::name;
}

const process_transition& process::apply(process_event event) noexcept {
  const process_transition& step = transition(state_, event);
  if (step.accepted) state_ = step.to;
  return step;
}

// With the lock held. The callback, if it waits and the step lets it return.
waiter* process::released_by(const process_transition& step) noexcept { return step.release && ready_ ? std::exchange(held_, nullptr) : nullptr; }

// The wait is the coroutine's parameter, so that the frame holds it once and nothing else.
task<> process::ready(ready_awaiter wait) {
  if (std::exchange(wait.process_->called_, true)) co_return errc::callback_already_called;
  co_await wait;
  co_return {};
}

void process::run() noexcept {
  entered_ = enter_parent();
  if (!entered_) {
    finish(fail(*own_.stop_error()));
    return;
  }
  run_ = what_.run(own_, callback(this, [](void* self, context& handed) { return ready(ready_awaiter(*static_cast<process*>(self), handed)); }));
  if (!run_.start(*this)) finish(fail(errc::out_of_memory));
}

void process::run_ended(work& self) noexcept {
  auto& me = static_cast<process&>(static_cast<waiter&>(self));
  me.finish(me.run_.take());
}

void process::finish(result<> outcome) noexcept {
  if (entered_) leave_parent();
  close_own();
  std::unique_lock guard(lock);
  apply(process_event::end);
  done_ = true;
  // A run that only returns its own stop says nothing of its own: the cause of the stop, if there is one, stays.
  if (!outcome && !(err_.has_value() && outcome.error().is_echo_of(&own_))) err_ = std::move(outcome.error());
  waiter* const starter = ready_ ? nullptr : std::exchange(held_, nullptr);
  waiter* const stopper = std::exchange(stopper_, nullptr);
  detail::done_node* waiting = std::exchange(waiting_, nullptr);
  for (detail::done_node* each = waiting; each != nullptr; each = each->next) each->link = nullptr;
  guard.unlock();
  while (waiting != nullptr) wake(*std::exchange(waiting, waiting->next)->who);
  if (starter != nullptr) transfer(*starter);
  if (stopper != nullptr) transfer(*stopper);
}

// The context is stopped when `done` fires (PR8), also by those who were never asked to stop.
void process::close_own() noexcept {
  std::unique_lock guard(lock);
  over_ = true;
  if (own_.is_stopped()) return;
  apply(process_event::end);
  if (own_.child_ != nullptr || !own_.hooks_.empty()) {
    guard.unlock();
    own_.stop();
    return;
  }
  own_.stopped_.store(own_.word_of(stop_reason::requested), std::memory_order_release);
}

bool process::enter_parent() noexcept {
  context& parent = *own_.parent_;
  detail::domain& home = parent.domain();
  {
    const std::lock_guard guard(home.lock);
    const auto word = parent.stopped_.load(std::memory_order_relaxed);
    if (word == 0) {
      parent.hooks_.push(*this);
      roster_entry::enter(home);
      return true;
    }
  }
  parent_stopped(*this);
  return false;
}

void process::leave_parent() noexcept {
  detail::domain& home = own_.parent_->domain();
  {
    const std::lock_guard guard(home.lock);
    roster_entry::leave();
    if (detail::hook_list::remove(*this)) return;
  }
  own_.parent_->withdraw(*this);
}

void process::parent_stopped(detail::hook& self) noexcept {
  auto& me = static_cast<process&>(self);
  me.own_.stop_with(context::inherited(me.own_.parent_->stopped_.load(std::memory_order_acquire)));
}

void process::context_stopped() noexcept {
  std::unique_lock guard(lock);
  forced_ = !over_;
  const process_transition& step = apply(process_event::force);
  waiter* const released = released_by(step);
  guard.unlock();
  if (released != nullptr) wake(*released);
  if (step.finish) finish({});
}

void process::lost() noexcept {
  std::unique_lock guard(lock);
  waiter* const released = released_by(apply(process_event::lost));
  guard.unlock();
  if (released != nullptr) wake(*released);
}

void process::request_stop(error cause) noexcept { ask(std::move(cause)); }
void process::request_stop() noexcept { ask(std::nullopt); }

void process::ask(std::optional<error> cause) noexcept {
  std::unique_lock guard(lock);
  if (state_ == process_state::initial || state_ == process_state::stopped) return;
  const process_transition& step = apply(process_event::stop);
  was_stopped_ = !cause;
  if (cause) err_ = std::move(*cause);
  waiter* const released = released_by(step);
  if (step.force) ++pins;
  guard.unlock();
  if (released != nullptr) wake(*released);
  if (step.force) stop_own_and_unpin(stop_reason::requested);
}

void process::stop_own_and_unpin(stop_reason why) noexcept {
  own_.stop(why);
  const std::lock_guard guard(lock);
  --pins;
}

void process::force(stop_reason why) noexcept { own_.stop(why); }

process_state process::state() const noexcept {
  const std::lock_guard guard(lock);
  return state_;
}

bool process::watch(detail::done_node& node) noexcept {
  const std::lock_guard guard(lock);
  if (done_) return false;
  node.push_on(waiting_);
  return true;
}

bool process::is_done() const noexcept {
  const std::lock_guard guard(lock);
  return done_;
}

bool process::was_forced() const noexcept {
  const std::lock_guard guard(lock);
  return forced_;
}

bool process::ending() const noexcept {
  const std::lock_guard guard(lock);
  return state_ == process_state::stopped && !done_;
}

std::optional<error> process::err() const noexcept {
  const std::lock_guard guard(lock);
  return done_ ? err_.copy() : std::nullopt;
}

std::string_view process::name() const noexcept { return roster_entry::name; }

}  // namespace steward
