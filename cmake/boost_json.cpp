// SPDX-License-Identifier: Apache-2.0
//
// Boost.JSON's own sources, compiled in one place, so that the headers package of Boost is enough.
#include <boost/json/src.hpp>
