// SPDX-License-Identifier: Apache-2.0
//
// The half of the worker that writes: as many jobs as wait, in one transaction, so that they share its flush; one that fails is undone alone.
#include "guarded.hpp"
#include "sqlite_worker.hpp"
#include "steward/sqlite/detail/sqlite_session.hpp"

#include <utility>

namespace steward::detail {

// The transaction is begun before any job is taken: while another process has the lock, jobs stay in their queue.
void sqlite_worker::write_some() noexcept {
  borrowed with;
  auto begun = attach_for(job_kind::write, with);
  if (with.on != nullptr) begun = guarded(*with.on, [&with] { with.on->begin(); });
  const auto now = clock::now();
  if (begun.failed == failure_kind::locked) {
    end_writes(begun.outcome.error(), now);
    const std::lock_guard guard(mutex_);
    writes_.not_before = now + between_tries;
    return;
  }
  if (!begun.outcome) {
    if (with.on == nullptr || begun.failed == failure_kind::lost) note(begun);
    if (with.on != nullptr && begun.failed == failure_kind::lost) attachment_.lost(std::move(with));
    end_writes(begun.outcome.error(), now + options_.lock_wait);
    return;
  }
  const auto jobs = take_writes();
  const auto ended = run_writes(jobs, *with.on);
  if (ended.failed == failure_kind::lost) {
    note(ended);
    attachment_.lost(std::move(with));
  } else if (ended.outcome) {
    const auto edits = with.on->take_edits();
    with.in_use.unlock();
    watch_.tell(edits);
  }
  for (database_job* job : jobs) complete(*job, job->outcome_ ? ended.outcome : job->outcome_);
}

// Only those that were there already: who tries again at once must not keep the reads waiting.
void sqlite_worker::end_writes(const error& why, clock::time_point given_up_by) noexcept {
  for (;;) {
    database_job* job = nullptr;
    {
      const std::lock_guard guard(mutex_);
      if (writes_.jobs.empty() || writes_.jobs.first()->give_up_ > given_up_by) return;
      job = &take(writes_);
    }
    complete(*job, fail(why));
  }
}

std::span<database_job* const> sqlite_worker::take_writes() noexcept {
  const std::lock_guard guard(mutex_);
  std::size_t count = 0;
  while (count < taken_.size() && !writes_.jobs.empty()) taken_[count++] = &take(writes_);
  return std::span(taken_).first(count);
}

ending sqlite_worker::run_writes(std::span<database_job* const> jobs, connection& on) noexcept {
  for (database_job* job : jobs) {
    auto ended = run_one_write(*job, on);
    job->outcome_ = std::move(ended.outcome);
    // SQLite ends the whole transaction by itself when it could not undo a part of it.
    if (ended.failed == failure_kind::lost || !on.in_transaction()) {
      on.roll_back();
      return {job->outcome_, ended.failed};
    }
  }
  auto ended = guarded(on, [&on] { on.commit(); });
  if (!ended.outcome) on.roll_back();
  if (ended.outcome && on.look() != presence::here)
    ended.outcome = fail(database_error(file_, std::make_error_code(std::errc::io_error),
                                        "moved, replaced or damaged while it was written; whether this was stored is not known"));
  return ended;
}

ending sqlite_worker::run_one_write(database_job& job, connection& on) noexcept {
  auto ended = guarded(on, [&] {
    on.save();
    sqlite_session session(on);
    auto outcome = job.run(session);
    if (outcome) on.release();
    return outcome;
  });
  if (ended.outcome || !on.in_transaction()) return ended;
  auto undone = guarded(on, [&on] { on.undo(); });
  return undone.outcome ? ended : undone;
}

}  // namespace steward::detail
