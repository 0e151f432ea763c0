// SPDX-License-Identifier: Apache-2.0
#include "steward/deadline_context.hpp"

#include <mutex>
#include <new>

namespace steward {

/// The timer of one deadline, apart from its context: a timer that is already queued to run cannot be taken back, and nobody can wait for it without
/// blocking the thread that would run it. So it is cut off instead, and frees itself when it runs.
class deadline_context::alarm final : public timer {
 public:
  explicit alarm(deadline_context& target) noexcept : timer(&rings, &target.scheduler()), target_(&target) {}

  /// Waits for a stop that is under way on another thread.
  static void cut_off(alarm* given) noexcept {
    if (given->on->cancel(*given)) {
      delete given;
      return;
    }
    bool rung = false;
    {
      const std::lock_guard guard(given->lock_);
      given->target_ = nullptr;
      rung = given->rung_;
    }
    if (rung) delete given;
  }

 private:
  static void rings(work& self) noexcept {
    auto& me = static_cast<alarm&>(self);
    bool orphan = false;
    {
      const std::lock_guard guard(me.lock_);
      me.rung_ = true;
      orphan = me.target_ == nullptr;
      if (!orphan) me.target_->stop(stop_reason::deadline);
    }
    if (orphan) delete &me;
  }

  detail::spin_lock lock_;
  deadline_context* target_;
  bool rung_ = false;
};

deadline_context::deadline_context(context& parent, instant at) noexcept : context(parent) {
  if (at == instant::max()) return;
  if (const auto outer = parent.deadline(); outer && *outer <= at) return;
  set_deadline(at);
  if (is_stopped()) return;
  alarm_ = new (std::nothrow) alarm(*this);
  if (alarm_ == nullptr)
    stop(stop_reason::deadline);
  else
    scheduler().post_at(*alarm_, at);
}

deadline_context::~deadline_context() {
  if (alarm_ != nullptr) alarm::cut_off(alarm_);
}

}  // namespace steward
