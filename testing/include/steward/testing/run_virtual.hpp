// SPDX-License-Identifier: Apache-2.0
//
// `sync_wait` in virtual time.
#pragma once

#include "steward/root_context.hpp"
#include "steward/testing/background.hpp"
#include "steward/testing/virtual_scheduler.hpp"

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace steward::testing {

namespace detail {
/// Fails the test, saying who is left, and returns an error that says the same.
[[nodiscard]] error report_stuck(const virtual_scheduler& time, const context& root);

/// Keeps what can neither go on nor be destroyed, because its frames refer to one another: it is no leak.
void keep_for_ever(void* what);
}  // namespace detail

/// Runs `body(ctx)` on a virtual scheduler, in no real time, and returns its result when it has completed.
///
///     auto outcome = run_virtual([&](context& ctx) -> task<> { co_return co_await web.start(ctx); });
///
/// Stop: nobody stops the context from outside. If nothing is ready, no timer is pending and the body has not completed, or a day has passed, it is
/// stuck: the test fails, with the names of what has not ended, and the frames of the body are left where they are.
template <std::invocable<context&> Body>
auto run_virtual(Body&& body, std::uint64_t seed = 0) {
  using value = typename std::invoke_result_t<Body&, context&>::value_type;
  struct run {
    explicit run(std::uint64_t with_seed) : time(with_seed), root(time) {}
    virtual_scheduler time;
    root_context root;
  };
  auto here = std::make_unique<run>(seed);
  auto job = std::make_unique<background<value>>(here->time, [&body, at = here.get()] { return body(static_cast<context&>(at->root)); });
  if (!here->time.run_until([&job] { return job->done(); })) {
    result<value> stuck = fail(detail::report_stuck(here->time, here->root));
    detail::keep_for_ever(job.release());
    detail::keep_for_ever(here.release());
    return stuck;
  }
  (void)here->time.run_until([&here] { return here->time.leftovers() == 0; });
  return std::move(job->outcome());
}

}  // namespace steward::testing
