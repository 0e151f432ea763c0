// SPDX-License-Identifier: Apache-2.0
//
// One run of a manager over a table in memory, from the first start to the last end.
#pragma once

namespace steward::bench {

struct managed {
  double ready = 0;       ///< s, from run to all ready
  double bytes = 0;       ///< resident, a process
  double pass = 0;        ///< ms, one that finds nothing to do
  double get = 0;         ///< ns, of a random key
  double get_beside = 0;  ///< ns, each of two threads
  double get_crowd = 0;   ///< ns, each of four
  double stop = 0;        ///< s, until all are gone
};

/// Shape: how many rows, at least one.
[[nodiscard]] managed run_managed(int count);

}  // namespace steward::bench
