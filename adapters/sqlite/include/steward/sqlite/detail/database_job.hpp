// SPDX-License-Identifier: Apache-2.0
//
// What a thread of a database does for a coroutine, and the wait for it.
#pragma once

#include "steward/stop_callback.hpp"

#include <chrono>
#include <coroutine>

namespace steward::detail {

class job_list;
class job_wait;
class sqlite_session;
class sqlite_worker;

enum class job_kind : unsigned char { open, close, read, write };

/// One thing to be done on a thread of the database. Intrusive: queueing it allocates nothing.
class database_job {
 public:
  explicit database_job(job_kind kind) noexcept : kind_(kind) {}
  database_job(const database_job&) = delete;
  database_job& operator=(const database_job&) = delete;

 protected:
  ~database_job() = default;

 private:
  friend class job_list;
  friend class job_wait;
  friend class sqlite_worker;

  enum class state : unsigned char { idle, queued, running, done, dropped };

  /// On the thread for its kind; a write runs inside a transaction, and what it did is undone when it fails.
  /// It may be called again when the file was locked, so it begins anew. May throw.
  virtual result<> run(sqlite_session& session) = 0;

  job_kind kind_;
  state state_ = state::idle;  // guarded by the worker's lock, as are those below
  bool stopped_ = false;       // its context stopped while it ran
  waiter* who_ = nullptr;
  result<> outcome_;
  std::chrono::steady_clock::time_point give_up_;
  database_job* next_ = nullptr;
  database_job* previous_ = nullptr;
};

/// The wait for a job.
class [[nodiscard]] job_wait : private stop_callback_base {
 public:
  job_wait(sqlite_worker& worker, context& ctx, database_job& job) noexcept
      : stop_callback_base(ctx, &context_stopped), worker_(&worker), context_(&ctx), job_(&job) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) noexcept {
    return begin(caller.promise());
  }
  result<> await_resume() noexcept;

 private:
  bool begin(waiter& who) noexcept;
  static void context_stopped(hook& self) noexcept;

  sqlite_worker* worker_;
  context* context_;
  database_job* job_;
  bool added_ = false;  // registered with the context
};

}  // namespace steward::detail
