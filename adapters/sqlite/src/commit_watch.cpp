// SPDX-License-Identifier: Apache-2.0
#include "commit_watch.hpp"

#include "guarded.hpp"
#include "quiet_thread.hpp"

#include <algorithm>
#include <utility>

namespace steward::detail {

/// One who is told, and for whom the files are followed.
class commit_watch::counted final : public table_watch {
 public:
  counted(commit_watch& of, table_hint<row_name> hint) : of_(of), told_(of.watchers_.add(std::move(hint))) { count(1); }
  ~counted() override { count(-1); }

 private:
  // With the first one the thread begins to follow, with the last one it ceases to.
  void count(std::ptrdiff_t change) noexcept {
    of_.watching_ += static_cast<std::size_t>(change);
    of_.events_.ring();
  }

  commit_watch& of_;
  std::unique_ptr<table_watch> told_;
};

commit_watch::~commit_watch() {
  ending_ = true;
  events_.ring();
  if (thread_.joinable()) thread_.join();
}

std::unique_ptr<table_watch> commit_watch::add(attachment& in, table_hint<row_name> hint) {
  auto made = std::make_unique<counted>(*this, std::move(hint));
  const std::lock_guard guard(starting_);
  if (events_.usable() && !thread_.joinable()) thread_ = quiet_thread("sqlite-watch", [this, &in] { work(in); });
  return made;
}

void commit_watch::tell(const row_edits& edits) {
  if (edits.any()) return watchers_.tell(nullptr);
  for (const row_name& each : edits.names()) watchers_.tell(&each);
}

void commit_watch::connected() noexcept {
  if (watching_ == 0) return;
  connected_ = true;
  events_.ring();
}

void commit_watch::work(attachment& in) noexcept {
  std::optional<clock::time_point> next;
  std::chrono::milliseconds pause = first_pause;
  while (!ending_) {
    if (events_.wait(next) != file_events::event::none) {
      const auto soon = clock::now() + first_pause;
      next = next ? std::min(*next, soon) : soon;
      pause = first_pause;
    }
    if (watching_ == 0) {
      events_.follow_nothing();
      following_ = false;
      missed_ = false;
      next.reset();
    }
    if (!next || clock::now() < *next) continue;
    look(in);
    next.reset();
    if (pause <= last_pause) next = clock::now() + pause;
    pause *= 2;
  }
}

void commit_watch::look(attachment& in) noexcept {
  std::optional<row_edits> edits;
  try {
    edits = ask(in);
  } catch (...) {  // no memory for the names
    missed_ = true;
  }
  if (edits) tell(*edits);
}

// Follows before it asks, so that nothing is missed in between.
std::optional<row_edits> commit_watch::ask(attachment& in) {
  auto with = in.use(access::write);
  if (!with) {
    missed_ = true;
    return std::nullopt;
  }
  if (connected_.exchange(false)) {
    events_.hush();  // it may have been opened just above, and must not be so at once again where it fails each time
    following_ = false;
    missed_ = true;
  }
  if (!std::exchange(following_, true)) events_.follow(file_);
  std::optional<row_edits> edits;
  const auto asked = guarded(*with->on, [&] { edits = with->on->edits_of_others(); });
  if (!asked.outcome) {
    missed_ = true;
    if (asked.failed == failure_kind::lost) in.lost(std::move(*with));
    return std::nullopt;
  }
  if (!std::exchange(missed_, false)) return edits;
  edits.emplace().add_any();
  return edits;
}

}  // namespace steward::detail
