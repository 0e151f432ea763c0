// SPDX-License-Identifier: Apache-2.0
#include "attachment.hpp"

#include <algorithm>
#include <utility>

namespace steward::detail {

std::expected<connection*, failure> attachment::attach(bool open) {
  if (!opened_ && !open)
    return std::unexpected(failure{failure_kind::request, database_error(file_, errc::resource_not_ready, "not open; open it first")});
  switch (connection_ ? connection_->look() : presence::elsewhere) {
    case presence::here:
      return connection_.get();
    case presence::gone:
      // Kept open: it may be moved back, and what was deleted can still be saved through this process's descriptor.
      connection_->settle();
      return std::unexpected(failure{failure_kind::request, gone_error(file_)});
    case presence::elsewhere:
      detach();
      break;
    case presence::overwritten:
      lost();
      break;
  }
  auto made = connection::open(file_, opening{!opened_, damaged_, database_id_, generation_});
  if (!made) return std::unexpected(std::move(made.error()));
  connection_ = std::move(*made);
  database_id_ = connection_->database_id();
  opened_ = true;
  damaged_ = false;
  return connection_.get();
}

void attachment::detach() noexcept {
  if (!connection_) return;
  connection_->settle();
  generation_ = std::max(generation_, connection_->generation());
  connection_.reset();
}

void attachment::lost() noexcept {
  if (!connection_) return;
  connection_->abandon();
  generation_ = std::max(generation_, connection_->generation());
  connection_.reset();
  damaged_ = true;
}

void attachment::close() noexcept {
  if (connection_ && connection_->look() == presence::overwritten) lost();
  detach();
  opened_ = false;
  damaged_ = false;
  database_id_.clear();
  generation_ = 0;
}

}  // namespace steward::detail
