// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/detail/domain.hpp"

namespace steward {
class context;
}

namespace steward::detail {

/// One named thing that runs: a named run, or a process. Every one is in the list of its domain from its start to its end, so that who is left can
/// be told at any instant, without bookkeeping beyond two pointers.
class roster_entry {
 public:
  explicit roster_entry(const char* name, context* scope = nullptr) noexcept : name(name), scope(scope) {}
  roster_entry(const roster_entry&) = delete;
  roster_entry& operator=(const roster_entry&) = delete;

  /// Both are called with the lock of `home` held.
  void enter(domain& home) noexcept {
    next_ = home.roster;
    link_ = &home.roster;
    if (next_ != nullptr) next_->link_ = &next_;
    home.roster = this;
  }
  void leave() noexcept {
    *link_ = next_;
    if (next_ != nullptr) next_->link_ = link_;
  }

  [[nodiscard]] roster_entry* following() const noexcept { return next_; }

  const char* name;  ///< zero-terminated; outlives the entry
  context* scope;    ///< of a named run, the context that it was given; of a process, its own, which is the topmost of another domain

 protected:
  ~roster_entry() = default;

 private:
  roster_entry* next_ = nullptr;
  roster_entry** link_ = nullptr;
};

}  // namespace steward::detail
