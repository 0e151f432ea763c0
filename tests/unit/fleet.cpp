// SPDX-License-Identifier: Apache-2.0
#include "fleet.hpp"

template class steward::manager<std::string, steward::runnable>;
