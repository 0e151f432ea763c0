// SPDX-License-Identifier: Apache-2.0
//
// Boost.JSON, compiled here once instead of linked: Debian's library of it is one more package to install for one translation unit.
#include <boost/json/src.hpp>
