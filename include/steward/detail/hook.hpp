// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/detail/domain.hpp"

namespace steward::detail {

struct delivery;

/// A node in a context's list of things to call when it stops. Intrusive; guarded by the lock of the context's domain.
class hook {
 public:
  using function = void (*)(hook& self) noexcept;

  explicit hook(function call) noexcept : call_(call) {}
  hook(const hook&) = delete;
  hook& operator=(const hook&) = delete;

 protected:
  ~hook() = default;

 private:
  friend class hook_list;
  friend struct delivery;

  function call_;
  hook* next_ = nullptr;
  hook** link_ = nullptr;        // what points here; empty when in no list
  delivery* running_ = nullptr;  // who calls it just now
};

/// The hooks of one context. Moving a whole list takes constant time, so a stop takes its callbacks without walking.
class hook_list {
 public:
  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  void push(hook& item) noexcept;
  void take_all(hook_list& from) noexcept;

  /// Takes a hook out of whichever list it is in. False: it is in none.
  static bool remove(hook& item) noexcept;

  /// Calls every hook, without the lock. Called and left with the lock of `home` held, which is let go in between.
  /// Hooks that are taken out meanwhile are not called.
  void call_all(domain& home) noexcept;

  /// Makes sure that a hook is neither in a list nor being called, waiting for a call on another thread to return. Takes the lock.
  static void withdraw(domain& home, hook& item) noexcept;

  hook_list() = default;
  hook_list(const hook_list&) = delete;
  hook_list& operator=(const hook_list&) = delete;

 private:
  hook* first_ = nullptr;
};

}  // namespace steward::detail
