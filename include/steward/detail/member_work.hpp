// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/work.hpp"

namespace steward::detail {

/// The call of a member function, to be posted again and again: one post at a time.  Lifetime: part of its owner.
template <class Owner>
class member_work final : public work {
 public:
  using member = void (Owner::*)() noexcept;

  member_work(Owner& owner, member what) noexcept : work(&run), owner_(owner), what_(what) {}

 private:
  static void run(work& self) noexcept {
    const auto& me = static_cast<member_work&>(self);
    (me.owner_.*me.what_)();
  }

  Owner& owner_;
  member what_;
};

}  // namespace steward::detail
