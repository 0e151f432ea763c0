// SPDX-License-Identifier: Apache-2.0
#include "steward/sqlite/detail/database_job.hpp"

#include "sqlite_worker.hpp"

#include <utility>

namespace steward::detail {

// Nothing of this object may be touched once the job is submitted: the coroutine may already run elsewhere.
bool job_wait::begin(waiter& who) noexcept {
  job_->state_ = database_job::state::idle;
  job_->stopped_ = false;
  if (job_->kind_ != job_kind::close) {
    added_ = add();
    if (!added_) {
      job_->state_ = database_job::state::dropped;
      return false;
    }
  }
  return worker_->submit(*job_, who);
}

void job_wait::context_stopped(hook& self) noexcept {
  auto& me = static_cast<job_wait&>(static_cast<stop_callback_base&>(self));
  me.worker_->context_stopped(*me.job_);
}

result<> job_wait::await_resume() noexcept {
  if (added_) withdraw();
  if (job_->state_ == database_job::state::dropped) return fail(*context_->stop_error());
  // A read that was interrupted. A write tells its own end, also to one who no longer wanted it.
  const bool stopped = job_->kind_ == job_kind::read || job_->kind_ == job_kind::open;
  if (!job_->outcome_ && stopped)
    if (auto why = context_->stop_error()) return fail(std::move(*why));
  return std::move(job_->outcome_);
}

}  // namespace steward::detail
