// SPDX-License-Identifier: Apache-2.0
#include "steward/named.hpp"

#include "steward/detail/running_name.hpp"

#include <mutex>

namespace steward {

detail::running_name::running_name(context& ctx, const char* name) noexcept : roster_entry(name, &ctx) {
  domain& home = ctx.domain();
  const std::lock_guard guard(home.lock);
  enter(home);
}

detail::running_name::~running_name() {
  const std::lock_guard guard(scope->domain().lock);
  leave();
}

namespace {

class named_part {
 public:
  named_part(std::string name, runnable what) : name_(std::move(name)), what_(std::move(what)) {}

  task<> run(context& ctx, callback ready) {
    result<> outcome;
    {
      const detail::running_name listed(ctx, name_.c_str());
      outcome = co_await what_.run(ctx, ready);
    }
    if (!outcome) co_return outcome.error().prefixed(name_ + ": ");
    co_return outcome;
  }

 private:
  std::string name_;
  runnable what_;
};

}  // namespace

runnable named(std::string name, runnable what) { return named_part(std::move(name), std::move(what)); }

}  // namespace steward
