// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/detail/spin_lock.hpp"

#include <cstdint>
#include <mutex>

namespace steward {
class error;
namespace detail {

class roster_entry;

/// What a process and the contexts inside it share: one lock, and the list of the named things that run there.
/// A tree of contexts is divided into domains at its processes, so that no lock is ever shared by a whole population.
class domain {
 public:
  mutable spin_lock lock;
  std::uint32_t pins = 0;          ///< threads inside a stop; the domain must not go before they do
  roster_entry* roster = nullptr;  ///< named runs and processes that began here and have not ended

  /// Asks whoever owns the domain to end gracefully, with this cause. Any thread; takes the lock itself.
  virtual void ended_from_inside(error cause) noexcept = 0;

  /// The domain's topmost context has just been stopped. Called without the lock.
  virtual void context_stopped() noexcept = 0;

  /// Waits until no thread is inside a stop of a context here. `held` is the lock, which is let go in between.
  void wait_for_pins(std::unique_lock<spin_lock>& held) const noexcept;

  domain() = default;
  domain(const domain&) = delete;
  domain& operator=(const domain&) = delete;

 protected:
  ~domain() = default;
};

}  // namespace detail
}  // namespace steward
