// SPDX-License-Identifier: Apache-2.0
//
// Pictures of figures, as SVG.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace steward::bench {

/// Lines over one quantity, both axes logarithmic.
class plot {
 public:
  plot(std::string unit, std::vector<std::string> lines) : unit_(std::move(unit)), lines_(std::move(lines)) {}

  /// Shape: one value a line; both above zero; `x` ascends.
  void add(double x, std::vector<double> values) { points_.emplace_back(x, std::move(values)); }

 private:
  friend void draw(const std::string& file, const std::string& title, const std::vector<plot>& plots);

  [[nodiscard]] std::string svg(double left, const std::string& title) const;

  std::string unit_;
  std::vector<std::string> lines_;
  std::vector<std::pair<double, std::vector<double>>> points_;
};

/// Writes plots beside one another. A file that cannot be written ends the program with a line.
void draw(const std::string& file, const std::string& title, const std::vector<plot>& plots);

}  // namespace steward::bench
