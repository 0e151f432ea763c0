// SPDX-License-Identifier: Apache-2.0
//
// How figures are taken and printed: several rounds in one run, each side in turn, and the median with its extremes, as soon as it is known.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <utility>
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

/// The table that a benchmark prints, one line a figure: name, median, min to max, unit, ratio to its floor where there is one, goal, and `ok` or
/// `MISSED`. On a terminal a last line says what is being measured.
class report {
 public:
  /// Shape: at least one round.
  explicit report(int rounds);
  report(const report&) = delete;
  report& operator=(const report&) = delete;

  /// Takes these figures in turn, so that what disturbs one round disturbs all of them alike, and prints their rows. What is to be compared is taken
  /// by one call; what is not, by several, so that nobody has to wait for the last to see the first.
  void take(const std::vector<figure>& figures);

  /// Of a figure that was taken.
  [[nodiscard]] double median(const std::string& name) const { return medians_.at(name); }

 private:
  void print(const figure& of, std::vector<double> values);
  void show_progress(const figure& at, int round) const;

  int rounds_;
  std::map<std::string, double> medians_;
};

/// The N of `--rounds N` among the arguments of this program, or else what is usual.
[[nodiscard]] int rounds_in(int argc, char** argv, int usual);

/// Seconds that `what` takes.
[[nodiscard]] double seconds(const std::function<void()>& what);

/// Bytes of this process that are in memory.
[[nodiscard]] double resident_bytes();

/// Figures that need a fresh process: this program is run again with arguments, and prints one number after the other.
class fresh_process {
 public:
  explicit fresh_process(std::string arguments) : arguments_(std::move(arguments)) {}

  /// The i-th number that it prints. Several are taken of one run; a new one is made when a number is asked for again.
  double number(std::size_t i = 0);

 private:
  std::string arguments_;
  std::vector<double> numbers_;
  std::vector<bool> taken_;
};

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
