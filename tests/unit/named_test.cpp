// SPDX-License-Identifier: Apache-2.0
#include "steward/named.hpp"

#include "virtual_test.hpp"

namespace steward {
namespace {

using namespace test;  // NOLINT(google-build-using-namespace)

result<> run_with(const runnable& what, error of_callback) {
  return run_virtual([&](context& ctx) -> task<> {
    const auto use = [&](context&) -> task<> { co_return of_callback; };
    co_return co_await what.run(ctx, use);
  });
}

result<> run(const runnable& what) {
  return run_virtual([&](context& ctx) -> task<> {
    const auto use = [](context&) -> task<> { co_return {}; };
    co_return co_await what.run(ctx, use);
  });
}

TEST(Named, N1_AnErrorComesOutPrefixed) {
  const runnable web = named("web", scripted("").fail_with(error("disk full")));
  EXPECT_EQ(text(run(web)), "web: disk full");
}

TEST(Named, N1_SuccessIsUntouched) { EXPECT_EQ(text(run(named("web", nop()))), "success"); }

TEST(Named, N1_AnErrorOfTheCallbackIsPrefixedToo) { EXPECT_EQ(text(run_with(named("web", nop()), error("no"))), "web: no"); }

TEST(Named, N2_TheCauseStaysMatchableThroughAnyNumberOfNames) {
  runnable deep = scripted("").fail_with(errc::process_exists);
  for (int i = 0; i < 100; ++i) deep = named("n", deep);
  const auto outcome = run(deep);
  EXPECT_TRUE(outcome.error().is(errc::process_exists));
  EXPECT_TRUE(text(outcome).starts_with("n: n: n: "));
}

TEST(Named, ANameMayBeEmptyOrUnusual) {
  EXPECT_EQ(text(run(named("", scripted("").fail_with(error("x"))))), ": x");
  EXPECT_EQ(text(run(named("a\nb", scripted("").fail_with(error("x"))))), "a\\nb: x");
}

TEST(Named, CH6_AHundredThousandNamesNestWithoutRecursion) {
  constexpr int deep = 100'000;
  runnable what = scripted("").fail_with(errc::not_found);
  for (int i = 0; i < deep; ++i) what = named("n", std::move(what));
  const auto outcome = run(what);
  EXPECT_TRUE(outcome.error().is(errc::not_found));
  EXPECT_EQ(text(outcome).size(), 3U * deep + 9U);
}

}  // namespace
}  // namespace steward
