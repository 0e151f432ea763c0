// SPDX-License-Identifier: Apache-2.0
#include "steward/program/program.hpp"

#include "run_held.hpp"
#include "steward/asio/use_task.hpp"
#include "steward/deadline_context.hpp"
#include "steward/detail/beside.hpp"
#include "steward/detail/maybe_error.hpp"
#include "steward/program/process_group.hpp"
#include "steward/program/spawner.hpp"
#include "steward/wait.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <memory>
#include <optional>
#include <utility>

namespace steward {
namespace {

using detail::held_phase;

// Its executor by name: one of any kind is five times as large, and each wait for output has three.
using stream_descriptor = boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

constexpr std::size_t read_size = std::size_t{128} << 10U;
constexpr int smallest_pipe = 4096;
constexpr int reads_in_a_row = 8;  // then others get their turn

// A program that writes line by line would wake us for each line, and wait for that. What comes in less than a sixteenth of its pipe is left to
// gather for a moment, in which the rest of the pipe takes 400 MB/s.
constexpr std::size_t pieces_to_a_pipe = 16;
constexpr std::chrono::milliseconds moment(2);

/// What output is read into. Made where that is done: an array that were itself of the thread would lie, zeroed, in the memory of every thread.
std::array<char, read_size>& read_buffer() {
  static thread_local const auto bytes = std::make_unique_for_overwrite<std::array<char, read_size>>();
  return *bytes;
}

/// One program from its start to its end.
class one_run {
 public:
  one_run(const program_options& how, spawner& by, spawner::held what)
      : how_(how), spawner_(by), what_(std::move(what)), log_(how.log), output_(by.io(), what_->output.release()) {
    (void)read_buffer();  // where there is no memory for it the program is ended, and not left to wait for a reader
  }

  task<> live(context& ctx, callback ready);

 private:
  [[nodiscard]] held_phase phase() const noexcept { return what_->what.state.phase; }
  [[nodiscard]] farewell stop() const { return how_.stop ? how_.stop(how_.key) : farewell(); }
  [[nodiscard]] bool gone() const noexcept { return phase() == held_phase::gone; }

  // Functions of their own, and not inlined, because a coroutine that lives long keeps room for all that is there for one call.
  static task<> pause(context& handed) { co_return co_await handed.sleep_for(std::chrono::nanoseconds(0)); }
  [[gnu::noinline]] task<> signal(int number, bool group) { return spawner_.signal(what_, number, group); }
  [[gnu::noinline]] task<> wait_until_up(context& handed) {
    return wait_until_ready(handed, spawner_.io(), how_.ready, [this](const std::string& why) { tell_not_ready(why); });
  }
  void tell_not_ready(const std::string& why);
  task<> watch(context& handed);
  task<> copy_output();
  task<> take_pieces();
  std::size_t drain(int fd);
  void write_log(std::string_view bytes);
  [[nodiscard]] bool is_piece(std::size_t taken) const noexcept { return taken > 0 && taken < what_->what.output_capacity / pieces_to_a_pipe; }
  task<> end(context& until);
  task<> wait_until_gone(context& ctx);
  [[nodiscard, gnu::noinline]] result<> outcome(const context& ctx) const;
  [[nodiscard]] error why_killed(const context& ctx) const;

  const program_options& how_;
  spawner& spawner_;
  spawner::held what_;
  rotating_log log_;
  stream_descriptor output_;
  context* gone_ = nullptr;  // is stopped when the program is gone
  boost::asio::steady_timer* gathering_ = nullptr;
  bool asked_ = false;         // it was asked to end
  bool late_ = false;          // it was asked, and had to be killed when its time was over
  bool all_written_ = false;   // nobody who could write is left
  bool output_ended_ = false;  // and all of it was read
  std::optional<std::error_code> log_told_;
  detail::maybe_error not_ready_;  // what the last probe has shown, until it is ready
};

task<> one_run::live(context& ctx, callback ready) {
  result<> of_callback;
  context handed(ctx);
  detail::beside watching(ctx.scheduler());
  detail::beside copying(ctx.scheduler());
  watching.start(watch(handed));
  copying.start(copy_output());
  // What ended while there was no daemon cannot be asked any more, and whether it was ready is not what its end is judged by.
  const bool needs_no_probe = what_->left && (gone() || how_.left_is_ready);
  result<> up;
  if (!needs_no_probe) up = co_await wait_until_up(handed);
  if (up) not_ready_ = {};
  context& until = ctx.grace();  // before it is ready: what stops later forces
  if (up) of_callback = co_await ready(handed);
  (void)co_await end(until);  // whatever fails there, what is beside this one is waited for
  (void)co_await watching.join();
  all_written_ = true;
  if (output_.is_open()) output_.cancel();
  if (gathering_ != nullptr) gathering_->cancel();
  (void)co_await copying.join();
  what_->pidfd.reset();  // the record of the end may be kept for long
  if (how_.on_gone)
    how_.on_gone(how_.key, what_);
  else
    spawner_.forget(what_);
  if (!of_callback) co_return of_callback;
  co_return outcome(ctx);
}

void one_run::tell_not_ready(const std::string& why) {
  not_ready_ = error(why);
  if (how_.on_not_ready) how_.on_not_ready(how_.key, why);
}

// The end of the leader is the end of use; the program is gone when its group is. One that is over before its start has been reported was in use
// all the same, hence the pause: whoever only has to have been executed to be ready is told ready first.
task<> one_run::watch(context& handed) {
  (void)co_await pause(handed);
  while (phase() == held_phase::running) co_await what_->changed.wait();
  handed.stop(stop_reason::dependency_lost);
  if (asked_ && !gone()) (void)co_await signal(stop().signal, true);
  while (!gone()) co_await what_->changed.wait();
  if (gone_ != nullptr) gone_->stop();
  co_return {};
}

task<> one_run::copy_output() {
  while (!output_ended_) {
    const bool last = all_written_;
    if (!last) {
      auto readable = co_await output_.async_wait(stream_descriptor::wait_read, use_task.ignoring_stop());
      if (!readable && !all_written_) co_return std::move(readable.error());
    }
    const auto taken = drain(output_.native_handle());
    if (last) break;
    if (is_piece(taken) && !output_ended_) co_await or_return(take_pieces());
  }
  // A keeper holds the pipe until this end is forgotten. Empty, it takes next to nothing of what the user's pipes may have together, and the program
  // that is started in place of this one finds as much room as this one did.
  if (output_ended_) ::fcntl(output_.native_handle(), F_SETPIPE_SZ, smallest_pipe);
  co_return {};
}

// As long as it comes in small pieces. The descriptor is not watched meanwhile: a pipe that is wakes its watcher at each write.
task<> one_run::take_pieces() {
  const int fd = output_.release();
  boost::asio::steady_timer timer(spawner_.io());
  gathering_ = &timer;
  for (std::size_t taken = 1; is_piece(taken) && !output_ended_ && !all_written_;) {
    timer.expires_after(moment);
    (void)co_await timer.async_wait(use_task.ignoring_stop());
    taken = drain(fd);
  }
  gathering_ = nullptr;
  output_.assign(fd);
  co_return {};
}

// Returns how many bytes it took.
std::size_t one_run::drain(int fd) {
  auto& bytes = read_buffer();
  std::size_t taken = 0;
  for (int i = 0; i < reads_in_a_row; ++i) {
    const ssize_t got = ::read(fd, bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    if (got <= 0) {
      output_ended_ = true;
      break;
    }
    taken += static_cast<std::size_t>(got);
    write_log({bytes.data(), static_cast<std::size_t>(got)});
  }
  return taken;
}

void one_run::write_log(std::string_view bytes) {
  log_.write(bytes);
  if (!how_.on_log || log_told_ == log_.trouble()) return;
  log_told_ = log_.trouble();
  how_.on_log(how_.key, *log_told_);
}

// Its leader first, so that it can end its children in its own way; then, when the time is over or the end is forced, the whole group.
task<> one_run::end(context& until) {
  if (!gone() && !until.is_stopped()) {
    const farewell how = stop();
    asked_ = phase() == held_phase::running;
    (void)co_await signal(how.signal, !asked_);
    deadline_context patience(until, how.deadline);
    co_await or_return(wait_until_gone(patience));
    late_ = !gone() && !until.is_stopped();
  }
  if (gone()) co_return {};
  what_->killed = true;
  (void)co_await signal(SIGKILL, true);
  co_return {};
}

// Until it is gone, or `ctx` stops.
task<> one_run::wait_until_gone(context& ctx) {
  if (gone()) co_return {};
  context waiting(ctx);
  gone_ = &waiting;
  co_await waiting.stopped();
  gone_ = nullptr;
  co_return {};
}

result<> one_run::outcome(const context& ctx) const {
  const std::optional<program_exit>& status = what_->what.state.status;
  if (what_->killed && ctx.is_stopped()) return fail(why_killed(ctx));
  if (what_->killed && asked_) {
    const std::array<error, 2> causes{(status ? *status : program_exit{.signal = SIGKILL}).to_error(), error::stopped(stop_reason::deadline)};
    return fail(error::join(causes));
  }
  if (asked_) return {};
  if (!status) return fail(error("ended, and nobody knows how: its keeper had died"));
  if (status->success()) return {};
  return fail(status->to_error());
}

// By a context that is stopped. How the last probe was answered says why a start was late.
error one_run::why_killed(const context& ctx) const {
  if (late_) return error::stopped(stop_reason::deadline, &ctx);
  error why = *ctx.stop_error();
  if (!not_ready_.has_value() || why.reason() != stop_reason::deadline) return why;
  return why.prefixed(not_ready_->to_string() + ": ");
}

class program_part {
 public:
  program_part(program_spec what, program_options how, spawner& by) : what_(std::move(what)), how_(std::move(how)), spawner_(by) {}

  task<> run(context& ctx, callback ready) {
    const bool in_vain = ctx.is_stopped();
    auto spawned = co_await spawn(ctx);
    // Asked to end while it waited for what was there before it: as one that is asked while it starts, and has nothing to do for that.
    if (!spawned && !in_vain && spawned.error().is_stop() && !ctx.grace().is_stopped()) co_return {};
    if (!spawned) co_return std::move(spawned.error());
    const spawner::held started = std::move(*spawned);
    std::optional<one_run> run;
    result<> taken;
    try {
      run.emplace(how_, spawner_, started);
      if (how_.on_started) how_.on_started(how_.key, started->what.pid);
    } catch (...) {
      taken = fail(current_exception_error());
    }
    if (taken) co_return co_await run->live(ctx, ready);
    (void)co_await abandon(started);
    co_return taken;
  }

 private:
  // As those of `one_run`.
  [[gnu::noinline]] task<spawner::held> spawn(context& ctx) { return spawner_.spawn(ctx, how_.key, how_.note, what_, how_.accept); }

  // It runs, and cannot be taken care of.
  task<> abandon(spawner::held what) {
    (void)co_await spawner_.signal(what, SIGKILL, true);
    while (!what->is_gone()) co_await what->changed.wait();
    spawner_.forget(what);
    co_return {};
  }

  program_spec what_;
  program_options how_;
  spawner& spawner_;
};

}  // namespace

task<> detail::run_held(context& ctx, callback ready, spawner& by, spawner::held what, const program_options& how) {
  one_run run(how, by, std::move(what));
  co_return co_await run.live(ctx, ready);
}

runnable program(program_spec what, program_options options, spawner& by) { return program_part(std::move(what), std::move(options), by); }

}  // namespace steward
