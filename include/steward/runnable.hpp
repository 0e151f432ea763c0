// SPDX-License-Identifier: Apache-2.0
//
// The one concept: something that starts, is ready, and winds down.
#pragma once

#include "steward/callback.hpp"

#include <atomic>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace steward {

/// Has `task<> run(context&, callback)`.
template <class T>
concept has_run = requires(T& part, context& ctx, callback ready) {
  { part.run(ctx, ready) } -> std::same_as<task<>>;
};

/// A function, or a lambda, with the signature of `run`.
template <class T>
concept run_function = std::is_invocable_r_v<task<>, T&, context&, callback>;

namespace detail {

/// What a runnable holds. Shared by its copies; destroyed without recursion, however deeply runnables nest (CH6).
class part {
 public:
  virtual task<> run(context& ctx, callback ready) = 0;

  void hold() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void let_go() noexcept {
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) bury();
  }

  part() = default;
  part(const part&) = delete;
  part& operator=(const part&) = delete;

 protected:
  virtual ~part() = default;

 private:
  void bury() noexcept;

  std::atomic<std::uint32_t> references_{1};
  part* next_buried_ = nullptr;
};

template <class T>
class part_of final : public part {
 public:
  explicit part_of(T held) : held_(std::move(held)) {}

  task<> run(context& ctx, callback ready) override {
    if constexpr (has_run<std::unwrap_reference_t<T>>)
      return static_cast<std::unwrap_reference_t<T>&>(held_).run(ctx, ready);
    else
      return held_(ctx, ready);
  }

 private:
  T held_;
};

}  // namespace detail

/// Something that can be run: it calls its callback when it is ready for use, and winds down when the callback has returned.
///
/// Made from a coroutine function, a lambda, or an object with `task<> run(context&, callback)`; `std::ref(object)` for one that stays where it is.
/// `start_stop`, `leaf`, `chain`, `parallel` and the others make runnables from parts.
///
/// The contract of `run(ctx, ready)`, for those who write one:
/// - Call `ready` at most once, when ready for use (R1). Give it `ctx`, or a child that you stop when you are no longer usable (R4).
/// - When it returns, with success or an error, wind down; `ctx` is alive unless it was stopped from above: that is a forced end (R2, R3).
/// - Return its error if it has one (R5), and leave nothing running behind (R6).
///
/// Threads: copies may be used from different threads. Running one several times, also at once, is as safe as its parts (R9).
/// Lifetime: copies share what they hold. It outlives its runs.
/// Cost: one word; making one allocates once, copying is one atomic increment.
class runnable {
 public:
  /// Holds nothing; running it fails with `empty_runnable` (R8).
  runnable() noexcept = default;

  template <class T>
    requires(!std::same_as<std::remove_cvref_t<T>, runnable> && (has_run<std::unwrap_ref_decay_t<T>> || run_function<std::decay_t<T>>))
  runnable(T&& what)  // NOLINT(google-explicit-constructor): a function is a runnable
      : part_(new detail::part_of<std::decay_t<T>>(std::forward<T>(what))) {}

  /// Takes over a part made elsewhere.
  explicit runnable(detail::part* made) noexcept : part_(made) {}

  /// Runs it, on the scheduler of `ctx`. What `ready` refers to, and the runnable itself, outlive the task.
  [[nodiscard]] task<> run(context& ctx, callback ready) const noexcept {
    if (part_ == nullptr) return detail::failing(errc::empty_runnable);
    try {
      return part_->run(ctx, ready).on(ctx.scheduler());
    } catch (...) {
      return detail::failing(current_exception_error());
    }
  }

  explicit operator bool() const noexcept { return part_ != nullptr; }

  runnable(const runnable& other) noexcept : part_(other.part_) {
    if (part_ != nullptr) part_->hold();
  }
  runnable(runnable&& other) noexcept : part_(std::exchange(other.part_, nullptr)) {}
  runnable& operator=(runnable other) noexcept {
    std::swap(part_, other.part_);
    return *this;
  }
  ~runnable() {
    if (part_ != nullptr) part_->let_go();
  }

 private:
  detail::part* part_ = nullptr;
};

/// Does nothing: calls its callback and returns what that returns (R8).  Cost: no frame and no allocation.
[[nodiscard]] runnable nop() noexcept;

}  // namespace steward
