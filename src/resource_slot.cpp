// SPDX-License-Identifier: Apache-2.0
#include "steward/detail/resource_slot.hpp"

#include "steward/detail/first_error.hpp"

#include <mutex>
#include <utility>

namespace steward::detail {

void resource_slot::hold(std::shared_ptr<void> value) noexcept {
  const std::lock_guard guard(lock_);
  value_ = std::move(value);
}

void resource_slot::drop() noexcept {
  std::shared_ptr<void> dropped;
  const std::lock_guard guard(lock_);
  dropped.swap(value_);
}

result<std::shared_ptr<void>> resource_slot::get() const {
  {
    const std::lock_guard guard(lock_);
    if (value_ != nullptr) return value_;
  }
  return fail(
      error(make_error_code(errc::resource_not_ready), "resource \"" + name_ + "\" is not ready: it can be used only while its callback runs"));
}

error resource_slot::in_use() const {
  return {make_error_code(errc::process_exists), "resource \"" + name_ + "\" is run already: make another one to hold two at a time"};
}

error resource_slot::named(const error& why) const { return why.prefixed(name_ + ": "); }

result<> resource_slot::judge(const result<>& used, const result<>& closed) const {
  first_error errors;
  errors.add(used);
  if (!closed) errors.add(named(closed.error()));
  return errors.take();
}

resource_claim::resource_claim(resource_slot& slot, context& ctx) noexcept : slot_(slot), claimed_(false), listed_(ctx, slot.name_.c_str()) {
  const std::lock_guard guard(slot_.lock_);
  claimed_ = !std::exchange(slot_.claimed_, true);
}

resource_claim::~resource_claim() {
  if (!claimed_) return;
  const std::lock_guard guard(slot_.lock_);
  slot_.claimed_ = false;
}

}  // namespace steward::detail
