// SPDX-License-Identifier: Apache-2.0
#include "sqlite_worker.hpp"

#include "quiet_thread.hpp"
#include "steward/misuse.hpp"
#include "steward/sqlite/detail/sqlite_session.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

namespace steward::detail {

sqlite_worker::sqlite_worker(const std::filesystem::path& file, sqlite_options options)
    : file_(std::filesystem::absolute(file)), options_(std::move(options)), attachment_(file_, [this] { watch_.connected(); }), watch_(file_) {}

sqlite_worker::~sqlite_worker() {
  {
    const std::lock_guard guard(mutex_);
    if (!reads_.jobs.empty() || !writes_.jobs.empty() || running_ != 0)
      report_misuse("sqlite_database", file_.native(), "destroyed before its calls have ended");
    finishing_ = true;
  }
  for (lane* each : {&reads_, &writes_}) {
    each->changed.notify_one();
    if (each->thread.joinable()) each->thread.join();
  }
}

// Where there is none left, the next call tries again.
bool sqlite_worker::start_thread(lane& of) noexcept {
  if (!of.thread.joinable()) of.thread = quiet_thread(&of == &reads_ ? "sqlite-read" : "sqlite-write", [this, &of] { work(of); });
  return of.thread.joinable();
}

bool sqlite_worker::submit(database_job& job, waiter& who) noexcept {
  lane& to = lane_of(job);
  {
    const std::lock_guard guard(mutex_);
    if (job.state_ == database_job::state::dropped) return false;
    if (!start_thread(to)) {
      job.outcome_ =
          fail(database_error(file_, std::make_error_code(std::errc::resource_unavailable_try_again), "no thread could be started for it"));
      return false;
    }
    job.who_ = &who;
    job.give_up_ = clock::now() + options_.lock_wait;
    job.state_ = database_job::state::queued;
    to.jobs.push_back(job);
  }
  to.changed.notify_one();
  return true;
}

void sqlite_worker::context_stopped(database_job& job) noexcept {
  std::unique_lock guard(mutex_);
  const auto before = job.state_;
  if (before == database_job::state::running) {
    job.stopped_ = true;
    if (&job == reading_ && interruptible_ != nullptr) interruptible_->interrupt();
    return;
  }
  if (before == database_job::state::done) return;
  job.state_ = database_job::state::dropped;
  if (before == database_job::state::idle) return;
  lane_of(job).jobs.remove(job);
  waiter& who = *job.who_;
  guard.unlock();
  wake(who);
}

std::optional<database_trouble> sqlite_worker::trouble() const {
  const std::lock_guard guard(mutex_);
  return trouble_;
}

void sqlite_worker::work(lane& mine) noexcept {
  while (wait_for_work(mine))
    if (&mine == &reads_)
      read_one();
    else
      write_some();
}

// False: there will be no more.
bool sqlite_worker::wait_for_work(lane& mine) noexcept {
  std::unique_lock guard(mutex_);
  while (!finishing_) {
    if (!mine.jobs.empty()) {
      if (mine.not_before <= clock::now()) return mine.holds_pages = true;
      mine.changed.wait_until(guard, mine.not_before);
    } else if (!mine.holds_pages) {
      mine.changed.wait(guard);
    } else if (mine.changed.wait_for(guard, quiet) == std::cv_status::timeout) {
      mine.holds_pages = false;
      guard.unlock();
      rest(mine);
      guard.lock();
    }
  }
  return false;
}

// Up to 2 MB for each connection are worth it while they are used.
void sqlite_worker::rest(const lane& mine) noexcept {
  attachment_.drop_pages(&mine == &reads_ ? access::read : access::write);
  if (options_.on_quiet) options_.on_quiet();
}

// Nothing of the job may be touched once its waiter has been woken.
void sqlite_worker::complete(database_job& job, result<> outcome) noexcept {
  waiter* who = nullptr;
  {
    const std::lock_guard guard(mutex_);
    --running_;
    job.outcome_ = std::move(outcome);
    job.state_ = database_job::state::done;
    who = job.who_;
  }
  wake(*who);
}

database_job& sqlite_worker::take(lane& from) noexcept {
  database_job& job = from.jobs.pop();
  job.state_ = database_job::state::running;
  ++running_;
  return job;
}

void sqlite_worker::read_one() noexcept {
  database_job* job = nullptr;
  {
    const std::lock_guard guard(mutex_);
    if (reads_.jobs.empty()) return;
    job = &take(reads_);
  }
  borrowed with;
  auto ended = attach_for(job->kind_, with);
  if (with.on != nullptr && job->kind_ == job_kind::read) ended = run_read(*job, *with.on);
  if (ended.failed == failure_kind::locked && try_again(*job)) return;
  if (ended.failed == failure_kind::lost && with.on != nullptr) attachment_.lost(std::move(with));
  note(ended);
  complete(*job, std::move(ended.outcome));
}

bool sqlite_worker::try_again(database_job& job) noexcept {
  const std::lock_guard guard(mutex_);
  const auto now = clock::now();
  if (job.stopped_ || now >= job.give_up_) return false;
  job.state_ = database_job::state::queued;
  --running_;
  reads_.jobs.push_front(job);
  reads_.not_before = now + between_tries;
  return true;
}

ending sqlite_worker::attach_for(job_kind kind, borrowed& with) noexcept {
  try {
    if (kind == job_kind::close) {
      attachment_.close();
      return {};
    }
    auto attached = kind == job_kind::open ? attachment_.open() : attachment_.use(kind == job_kind::read ? access::read : access::write);
    if (!attached) return {fail(std::move(attached.error().why)), attached.error().kind};
    with = std::move(*attached);
    return {};
  } catch (...) {
    return {fail(current_exception_error()), std::nullopt};
  }
}

ending sqlite_worker::run_read(database_job& job, connection& on) noexcept {
  {
    const std::lock_guard guard(mutex_);
    if (job.stopped_) return {fail(errc::stopped), failure_kind::interrupted};
    reading_ = &job;
    interruptible_ = &on;
  }
  auto ended = guarded(on, [&] {
    sqlite_session session(on);
    return job.run(session);
  });
  const std::lock_guard guard(mutex_);
  reading_ = nullptr;
  interruptible_ = nullptr;
  on.go_on();
  return ended;
}

void sqlite_worker::note(const ending& ended) noexcept {
  if (ended.failed == failure_kind::interrupted) return;
  const std::lock_guard guard(mutex_);
  if (!ended.failed)
    trouble_.reset();
  else if (trouble_)
    trouble_->why = ended.outcome.error();
  else
    trouble_ = database_trouble{std::chrono::system_clock::now(), ended.outcome.error()};
}

}  // namespace steward::detail
