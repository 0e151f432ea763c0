// SPDX-License-Identifier: Apache-2.0
//
// The manager of most tests, and the tables that it reads: named runnables. Compiled once for all of them, in fleet.cpp.
#pragma once

#include "steward/manager.hpp"
#include "steward/memory_table.hpp"
#include "steward/testing/faulty_table.hpp"

#include <string>

extern template class steward::manager<std::string, steward::runnable>;
extern template class steward::memory_table<std::string, steward::runnable>;
extern template class steward::testing::faulty_table<std::string, steward::runnable>;

namespace steward::test {

using fleet = manager<std::string, runnable>;

}  // namespace steward::test
