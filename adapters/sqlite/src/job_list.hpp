// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/sqlite/detail/database_job.hpp"

namespace steward::detail {

/// Jobs in a row, linked by themselves: any of them leaves in constant time. Guarded by the worker's lock.
class job_list {
 public:
  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  [[nodiscard]] database_job* first() const noexcept { return first_; }

  void push_back(database_job& job) noexcept {
    job.next_ = nullptr;
    job.previous_ = last_;
    (last_ == nullptr ? first_ : last_->next_) = &job;
    last_ = &job;
  }
  void push_front(database_job& job) noexcept {
    job.previous_ = nullptr;
    job.next_ = first_;
    (first_ == nullptr ? last_ : first_->previous_) = &job;
    first_ = &job;
  }
  void remove(database_job& job) noexcept {
    (job.previous_ == nullptr ? first_ : job.previous_->next_) = job.next_;
    (job.next_ == nullptr ? last_ : job.next_->previous_) = job.previous_;
  }
  /// Shape: not empty.
  database_job& pop() noexcept {
    database_job& job = *first_;
    remove(job);
    return job;
  }

 private:
  database_job* first_ = nullptr;
  database_job* last_ = nullptr;
};

}  // namespace steward::detail
