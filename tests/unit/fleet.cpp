// SPDX-License-Identifier: Apache-2.0
#include "fleet.hpp"

template class steward::manager<std::string, steward::runnable>;
template class steward::memory_table<std::string, steward::runnable>;
template class steward::testing::faulty_table<std::string, steward::runnable>;
