// SPDX-License-Identifier: Apache-2.0
//
// The manager of most tests: named runnables. Compiled once for all of them, in fleet.cpp.
#pragma once

#include "steward/manager.hpp"

#include <string>

extern template class steward::manager<std::string, steward::runnable>;

namespace steward::test {

using fleet = manager<std::string, runnable>;

}  // namespace steward::test
