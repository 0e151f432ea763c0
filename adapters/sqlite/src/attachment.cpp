// SPDX-License-Identifier: Apache-2.0
#include "attachment.hpp"

#include <algorithm>
#include <utility>

namespace steward::detail {

std::expected<borrowed, failure> attachment::use(access how) {
  {
    borrowed one{std::unique_lock(how == access::read ? reading_ : writing_)};
    one.on = (how == access::read ? reader_ : writer_).get();
    if (one.on != nullptr && one.on->look() == presence::here) return one;
  }
  return attach(how, false);
}

std::expected<borrowed, failure> attachment::attach(access how, bool open) {
  std::unique_lock read(reading_, std::defer_lock);
  std::unique_lock write(writing_, std::defer_lock);
  std::lock(read, write);
  if (!opened_ && !open)
    return std::unexpected(failure{failure_kind::request, database_error(file_, errc::resource_not_ready, "not open; open it first")});
  switch (look()) {
    case presence::here:
      break;
    case presence::gone:
      // Kept open: it may be moved back, and what was deleted can still be saved through this process's descriptor.
      writer_->settle();
      return std::unexpected(failure{failure_kind::request, gone_error(file_)});
    case presence::overwritten:
      abandon();
      [[fallthrough]];
    case presence::elsewhere:
      detach();
      if (auto made = connect(); !made) return std::unexpected(std::move(made.error()));
  }
  if (how == access::read) return borrowed{std::move(read), reader_.get()};
  return borrowed{std::move(write), writer_.get()};
}

// The one that writes comes first, since it makes or updates what the other one reads.
std::expected<void, failure> attachment::connect() {
  auto writer = connection::open(file_, opening{access::write, !opened_, damaged_, database_id_, generation_});
  if (!writer) return std::unexpected(std::move(writer.error()));
  auto reader = connection::open(file_, opening{.how = access::read, .database_id = (*writer)->database_id()});
  if (!reader) return std::unexpected(std::move(reader.error()));
  writer_ = std::move(*writer);
  reader_ = std::move(*reader);
  database_id_ = writer_->database_id();
  opened_ = true;
  damaged_ = false;
  connected_();
  return {};
}

presence attachment::look() const noexcept {
  if (!writer_) return presence::elsewhere;
  const auto seen = writer_->look();
  return seen == presence::here ? reader_->look() : seen;
}

// The one that reads goes first: the last one to be closed moves the log into the file.
void attachment::drop() noexcept {
  generation_ = std::max(generation_, writer_->generation());
  reader_.reset();
  writer_.reset();
}

void attachment::detach() noexcept {
  if (!writer_) return;
  writer_->settle();
  drop();
}

void attachment::abandon() noexcept {
  reader_->abandon();
  writer_->abandon();
  drop();
  damaged_ = true;
}

void attachment::lost(borrowed by) noexcept {
  by.in_use.unlock();
  const std::scoped_lock both(reading_, writing_);
  if (by.on == reader_.get() || by.on == writer_.get()) abandon();
}

void attachment::drop_pages(access of) noexcept {
  const std::lock_guard guard(of == access::read ? reading_ : writing_);
  if (connection* const on = (of == access::read ? reader_ : writer_).get()) on->drop_pages();
}

void attachment::close() noexcept {
  const std::scoped_lock both(reading_, writing_);
  if (look() == presence::overwritten) abandon();
  detach();
  opened_ = false;
  damaged_ = false;
  database_id_.clear();
  generation_ = 0;
}

}  // namespace steward::detail
