// SPDX-License-Identifier: Apache-2.0
#include "common/plot.hpp"

#include "common/report.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <sstream>

namespace steward::bench {

namespace {

constexpr double width = 420;
constexpr double height = 320;
constexpr double left_margin = 62;
constexpr double top_margin = 40;
constexpr double right_margin = 12;
constexpr double bottom_margin = 44;
constexpr std::array colours{"#1f6feb", "#d1570b", "#2da44e", "#8250df"};

/// One logarithmic axis, over whole powers of ten.
struct axis {
  double low;
  double high;
  double from;
  double to;

  [[nodiscard]] double at(double value) const { return from + (to - from) * (std::log10(value) - low) / (high - low); }
};

axis axis_over(double smallest, double largest, double from, double to) {
  const double low = std::floor(std::log10(smallest));
  return {low, std::max(low + 1, std::ceil(std::log10(largest))), from, to};
}

std::string text_of(double value) {
  std::ostringstream out;
  out << std::round(value * 10) / 10;
  return out.str();
}

std::string number(double power) {
  constexpr double kilo = 3;
  constexpr double mega = 6;
  if (power >= mega) return text_of(std::pow(10, power - mega)) + "M";
  if (power >= kilo) return text_of(std::pow(10, power - kilo)) + "k";
  return text_of(std::pow(10, power));
}

std::string point(double x, double y) { return text_of(x) + "," + text_of(y); }

std::string text(double x, double y, const std::string& anchor, const std::string& what, const std::string& colour = "#57606a") {
  return "<text x='" + text_of(x) + "' y='" + text_of(y) + "' text-anchor='" + anchor + "' fill='" + colour + "'>" + what + "</text>\n";
}

std::string line(const std::string& points, const std::string& colour, int thickness) {
  return "<polyline points='" + points + "' fill='none' stroke='" + colour + "' stroke-width='" + std::to_string(thickness) + "'/>\n";
}

std::string dot(double x, double y, const std::string& colour) {
  return "<circle cx='" + text_of(x) + "' cy='" + text_of(y) + "' r='3' fill='" + colour + "'/>\n";
}

std::string rule(double x1, double y1, double x2, double y2) { return line(point(x1, y1) + " " + point(x2, y2), "#d0d7de", 1); }

}  // namespace

std::string plot::svg(double left, const std::string& title) const {
  double smallest = points_.front().second.front();
  double largest = smallest;
  for (const auto& [x, values] : points_) {
    smallest = std::min(smallest, *std::ranges::min_element(values));
    largest = std::max(largest, *std::ranges::max_element(values));
  }
  const axis across = axis_over(points_.front().first, points_.back().first, left + left_margin, left + width - right_margin);
  const axis up = axis_over(smallest, largest, height - bottom_margin, top_margin);
  std::string out;
  for (int power = static_cast<int>(across.low); power <= static_cast<int>(across.high); ++power) {
    const double x = across.at(std::pow(10, power));
    out += rule(x, up.from, x, up.to) + text(x, up.from + 16, "middle", number(power));
  }
  for (int power = static_cast<int>(up.low); power <= static_cast<int>(up.high); ++power) {
    const double y = up.at(std::pow(10, power));
    out += rule(across.from, y, across.to, y) + text(across.from - 6, y + 4, "end", number(power) + " " + unit_);
  }
  out += text((across.from + across.to) / 2, height - 8, "middle", title);
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    const std::string colour = colours[i % colours.size()];
    std::string path;
    for (const auto& [x, values] : points_) {
      path += point(across.at(x), up.at(values[i])) + " ";
      out += dot(across.at(x), up.at(values[i]), colour);
    }
    out += line(path, colour, 2) + text(across.from + 8, top_margin + 16 + 16 * static_cast<double>(i), "start", lines_[i], colour);
  }
  return out;
}

void draw(const std::string& file, const std::string& title, const std::vector<plot>& plots) {
  const double whole = width * static_cast<double>(plots.size());
  std::ofstream out(file);
  out << "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 " << whole << " " << height << "' font-family='sans-serif' font-size='12'>\n";
  out << "<rect width='" << whole << "' height='" << height << "' fill='#ffffff'/>\n";
  for (std::size_t i = 0; i < plots.size(); ++i) out << plots[i].svg(width * static_cast<double>(i), title);
  out << "</svg>\n";
  out.close();
  expect(out.good(), "the picture can be written");
}

}  // namespace steward::bench
