// SPDX-License-Identifier: Apache-2.0
//
// What nearly every test of the core stands on: virtual time, a root and a journal.
#pragma once

#include "steward/deadline_context.hpp"
#include "steward/root_context.hpp"
#include "steward/testing/background.hpp"
#include "steward/testing/explore.hpp"
#include "steward/testing/journal.hpp"
#include "steward/testing/run_virtual.hpp"
#include "steward/testing/scripted.hpp"
#include "steward/testing/virtual_scheduler.hpp"
#include "steward/wait.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace steward::test {

using namespace std::chrono_literals;  // NOLINT(google-global-names-in-headers): for tests alone
using testing::background;
using testing::choices;
using testing::deaf_sleep;
using ::testing::ElementsAre;
using testing::gate;
using ::testing::IsEmpty;
using testing::journal;
using testing::run_virtual;
using testing::scripted;
using testing::virtual_scheduler;

class virtual_test : public ::testing::Test {
 protected:
  virtual_scheduler time;
  root_context root{time};
  journal log;
};

/// `success`, or the error on one line.
[[nodiscard]] inline std::string text(const result<>& outcome) { return outcome ? "success" : outcome.error().to_string(); }

}  // namespace steward::test
