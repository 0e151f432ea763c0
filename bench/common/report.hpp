// SPDX-License-Identifier: Apache-2.0
//
// How figures are taken and printed: several rounds in one run, each side in turn, and the median with its extremes.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace steward::bench {

/// One thing that is measured. `measure` does the whole job once, checks its result, and returns the figure.
struct figure {
  std::string name;
  std::string unit;
  double goal = 0;  ///< at most this; zero is no goal
  std::function<double()> measure;
  std::string floor = {};  ///< the name of an earlier figure: the row shows the ratio to its median
  double times = 0;        ///< at most so many times the floor's median; zero is no such goal
  bool at_least = false;   ///< the goal is a lower bound
};

/// Takes all figures in turn, `rounds` times, and prints a row for each: name, median, min, max, n, unit, ratio to its floor where there is one,
/// goal, and whether it was reached. Returns the medians by name.
std::map<std::string, double> report(const std::vector<figure>& figures, int rounds);

/// Seconds that `what` takes.
[[nodiscard]] double seconds(const std::function<void()>& what);

/// Bytes of this process that are in memory.
[[nodiscard]] double resident_bytes();

/// Runs this program again with an argument, and returns the number that it prints: for figures that need a fresh process.
[[nodiscard]] double in_fresh_process(const std::string& argument);

/// Ends the program with a line when something that a benchmark relies on is not so.
void expect(bool holds, const char* what);

/// A second thread for as long as it lives: without one the C library skips its atomics, which flatters by up to two times.
class second_thread {
 public:
  second_thread();
  ~second_thread();
  second_thread(const second_thread&) = delete;
  second_thread& operator=(const second_thread&) = delete;

 private:
  struct state;
  state* state_;
};

}  // namespace steward::bench
