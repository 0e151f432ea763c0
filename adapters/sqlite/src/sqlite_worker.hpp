// SPDX-License-Identifier: Apache-2.0
//
// The two threads of a database: take jobs in their order, and keep the connections.
#pragma once

#include "attachment.hpp"
#include "commit_watch.hpp"
#include "guarded.hpp"
#include "job_list.hpp"
#include "steward/sqlite/sqlite_database.hpp"

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <utility>

namespace steward::detail {

/// Two queues, reads (with open and close) and writes, each with a thread and a connection of its own: no read waits for a flush. A write that has to
/// wait for another process stays in its queue, where its stop finds it. Writes that wait together go into one transaction, and share its flush.
///
/// Threads: `submit`, `context_stopped`, `watch` and `trouble` from any; the rest on the threads that this class owns.
class sqlite_worker {
 public:
  sqlite_worker(const std::filesystem::path& file, sqlite_options options);
  sqlite_worker(const sqlite_worker&) = delete;
  sqlite_worker& operator=(const sqlite_worker&) = delete;
  ~sqlite_worker();

  /// False: it will not run, because its context has stopped or there is no thread for it.
  bool submit(database_job& job, waiter& who) noexcept;

  /// Takes a job back that waits, interrupts a read that runs.
  void context_stopped(database_job& job) noexcept;

  /// Has each edit of each row told, of this process and of others.
  [[nodiscard]] std::unique_ptr<table_watch> watch(table_hint<row_name> hint) { return watch_.add(attachment_, std::move(hint)); }

  [[nodiscard]] std::optional<database_trouble> trouble() const;
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return file_; }

 private:
  using clock = std::chrono::steady_clock;

  static constexpr std::size_t writes_in_a_transaction = 256;
  static constexpr std::chrono::milliseconds between_tries{5};
  static constexpr std::chrono::milliseconds quiet{500};

  /// A queue with its thread, and when to look at it again after it was locked out.
  struct lane {
    job_list jobs;
    clock::time_point not_before{};
    bool holds_pages = false;  // of what it did last
    std::condition_variable changed;
    std::thread thread;
  };

  bool start_thread(lane& of) noexcept;
  void work(lane& mine) noexcept;
  bool wait_for_work(lane& mine) noexcept;
  void rest(const lane& mine) noexcept;
  lane& lane_of(const database_job& job) noexcept { return job.kind_ == job_kind::write ? writes_ : reads_; }
  database_job& take(lane& from) noexcept;
  void complete(database_job& job, result<> outcome) noexcept;
  ending attach_for(job_kind kind, borrowed& with) noexcept;
  void note(const ending& ended) noexcept;

  void read_one() noexcept;
  bool try_again(database_job& job) noexcept;
  ending run_read(database_job& job, connection& on) noexcept;

  void write_some() noexcept;
  void end_writes(const error& why, clock::time_point given_up_by) noexcept;
  std::span<database_job* const> take_writes() noexcept;
  ending run_writes(std::span<database_job* const> jobs, connection& on) noexcept;
  static ending run_one_write(database_job& job, connection& on) noexcept;

  const std::filesystem::path file_;
  const sqlite_options options_;

  attachment attachment_;
  commit_watch watch_;

  mutable std::mutex mutex_;  // guards what is up to `finishing_`, but for the threads
  lane reads_;
  lane writes_;
  connection* interruptible_ = nullptr;  // while a read runs on it
  database_job* reading_ = nullptr;
  std::optional<database_trouble> trouble_;
  std::size_t running_ = 0;  // jobs taken and not completed
  bool finishing_ = false;

  // Of the thread that writes alone.
  std::array<database_job*, writes_in_a_transaction> taken_{};
};

}  // namespace steward::detail
