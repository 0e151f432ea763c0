// SPDX-License-Identifier: Apache-2.0
#include "steward/error.hpp"

#include "steward/result.hpp"
#include "steward/root_context.hpp"
#include "steward/run_loop.hpp"

#include <gtest/gtest.h>

#include <array>
#include <ios>
#include <stdexcept>
#include <string>

namespace steward {
namespace {

TEST(Error, E1_TheFiveNamedErrorsPrintAsTheyAlwaysDid) {
  EXPECT_EQ(error(errc::manager_not_running).to_string(), "process: manager is not running");
  EXPECT_EQ(error(errc::process_not_found).to_string(), "process: process not found");
  EXPECT_EQ(error(errc::process_not_running).to_string(), "process: process is not running");
  EXPECT_EQ(error(errc::process_exists).to_string(), "process: process already exists");
  EXPECT_EQ(error(errc::invalid_state).to_string(), "process: invalid process state");
}

TEST(Error, E1_TheyAreMatchedThroughAnyPrefixOrJoin) {
  for (const errc code : {errc::manager_not_running, errc::process_not_found, errc::process_not_running, errc::process_exists, errc::invalid_state}) {
    const std::array both{error("other"), error(code).prefixed("a: ").prefixed("b: ")};
    const error joined = error::join(both).prefixed("run: ");
    EXPECT_TRUE(joined.is(code));
    EXPECT_TRUE(joined.is(errc::failed));
    EXPECT_FALSE(joined.is(errc::stopped));
  }
}

TEST(Error, E3_JoinedErrorsPrintInArgumentOrder) {
  const std::array three{error("a"), error("b").prefixed("x: "), error("c")};
  EXPECT_EQ(error::join(three).to_string(), "a; x: b; c");
  EXPECT_EQ(error::join(three).prefixed("run: ").to_string(), "run: a; x: b; c");
}

TEST(Error, E3_OneErrorAloneIsNotWrapped) {
  const error alone("a");
  EXPECT_EQ(error::join(std::span(&alone, 1)), alone);
}

TEST(Error, E3_ErrorsThatLostAreShownInTheTreeAndDoNotMatch) {
  const std::array lost{error(errc::unreadable), error(errc::not_found).prefixed("db: ")};
  const error won = error(errc::process_exists).prefixed("web: ").with_lost(lost);
  EXPECT_EQ(won.to_string(), "web: process: process already exists");
  EXPECT_TRUE(won.is(errc::process_exists));
  EXPECT_FALSE(won.is(errc::unreadable));
  EXPECT_FALSE(won.is(errc::not_found));
  EXPECT_EQ(won.to_tree(),
            "web:\n"
            "  process: process already exists\n"
            "also: unreadable\n"
            "also: db:\n"
            "  not found\n");
}

TEST(Error, TheTreeShowsEachCauseUnderWhatItCaused) {
  const std::array two{error("refused").prefixed("tcp: "), error("no such host")};
  EXPECT_EQ(error::join(two).prefixed("run: ").prefixed("web: ").to_tree(),
            "web:\n"
            "  run:\n"
            "    tcp:\n"
            "      refused\n"
            "    no such host\n");
}

TEST(Error, LineBreaksInTextsAreShownOnOneLine) { EXPECT_EQ(error("a\nb\r").to_string(), "a\\nb\\r"); }

TEST(Error, ACodeOfAnotherCategoryKeepsItsMessageAndMatches) {
  const std::error_code code = std::make_error_code(std::errc::address_in_use);
  EXPECT_EQ(error(code).to_string(), code.message());
  EXPECT_EQ(error(code, "port 80").to_string(), "port 80");
  EXPECT_TRUE(error(code, "port 80").prefixed("web: ").is(code));
  EXPECT_EQ(error(code).prefixed("web: ").code(), code);
}

TEST(Error, TheCodeIsThatOfTheFirstCause) {
  const std::array two{error(errc::not_found).prefixed("a: "), error(errc::unreadable)};
  EXPECT_EQ(error::join(two).code(), make_error_code(errc::not_found));
}

TEST(Error, AStopKnowsItsReasonAndWhereItBegan) {
  run_loop loop;
  const root_context origin(loop);
  const root_context other(loop);
  const error stop = error::stopped(stop_reason::superseded, &origin);
  EXPECT_TRUE(stop.is_stop());
  EXPECT_TRUE(stop.is(errc::stopped));
  EXPECT_EQ(stop.reason(), stop_reason::superseded);
  EXPECT_FALSE(stop.inherited());
  EXPECT_TRUE(stop.prefixed("x: ").is_echo_of(&origin));
  EXPECT_FALSE(stop.is_echo_of(&other));
  EXPECT_TRUE(error::stopped(stop_reason::removed, &origin, true).inherited());
  EXPECT_FALSE(error("x").is_stop());
}

TEST(Error, AJoinIsAnEchoOnlyIfAllItsCausesAre) {
  run_loop loop;
  const root_context origin(loop);
  const error echo = error::stopped(stop_reason::requested, &origin);
  const std::array all{echo, echo.prefixed("a: ")};
  const std::array some{echo, error("real")};
  EXPECT_TRUE(error::join(all).is_echo_of(&origin));
  EXPECT_FALSE(error::join(some).is_echo_of(&origin));
}

TEST(Error, OnlyStopsAreStopsWhereverTheyBeganAndHoweverTheyAreWrapped) {
  run_loop loop;
  const root_context origin(loop);
  const std::array stops{error::stopped(stop_reason::deadline, &origin).prefixed("a: "), error::stopped(stop_reason::removed)};
  EXPECT_TRUE(error::join(stops).only_stops());
  const std::array mixed{stops[0], error("no disk")};
  EXPECT_TRUE(error::join(mixed).is_stop()) << "by its first cause";
  EXPECT_FALSE(error::join(mixed).only_stops());
  EXPECT_FALSE(error("no disk").only_stops());
}

TEST(Error, IsOneWord) { EXPECT_EQ(sizeof(error), sizeof(void*)); }

TEST(Error, N2_TheCauseStaysMatchableThroughAnyNumberOfPrefixes) {
  error deep(errc::process_exists);
  for (int i = 0; i < 1000; ++i) deep = deep.prefixed("p: ");
  EXPECT_TRUE(deep.is(errc::process_exists));
  EXPECT_EQ(deep.code(), make_error_code(errc::process_exists));
}

TEST(Error, CH6_DeepErrorsArePrintedMatchedAndDestroyedWithoutRecursion) {
  constexpr int deep = 100'000;
  error prefixed(errc::not_found);
  error joined("x");
  for (int i = 0; i < deep; ++i) {
    prefixed = prefixed.prefixed("p: ");
    const std::array two{joined, error("y")};
    joined = error::join(two).with_lost(std::span(&prefixed, 1));
    if (i % 10'000 != 0) continue;
    EXPECT_TRUE(joined.is(errc::failed));
  }
  EXPECT_EQ(prefixed.to_string().size(), 3U * deep + std::string("not found").size());
  EXPECT_LT(prefixed.to_tree().size(), 100U * deep);
  EXPECT_TRUE(prefixed.is(errc::not_found));
  EXPECT_FALSE(prefixed.is_stop());
  EXPECT_EQ(joined.to_string().size(), 1U + 3U * deep);
}

TEST(Error, R7_AnExceptionKeepsItsTypeAndMessage) {
  const auto before = contained_exceptions();
  const auto contain = [](auto thrown) {
    try {
      throw thrown;
    } catch (...) {
      return current_exception_error();
    }
  };
  EXPECT_EQ(contain(std::runtime_error("boom")).to_string(), "std::runtime_error: boom");
  EXPECT_TRUE(contain(std::runtime_error("boom")).is(errc::exception));
  EXPECT_EQ(contain(42).to_string(), "int");
  EXPECT_TRUE(contain(std::bad_alloc()).is(errc::out_of_memory));
  EXPECT_EQ(contained_exceptions(), before + 4);
}

}  // namespace
}  // namespace steward
