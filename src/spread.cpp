// SPDX-License-Identifier: Apache-2.0
#include "steward/detail/spread.hpp"

#include "steward/detail/contained.hpp"

#include <random>

namespace steward::detail {
namespace {

double at_random() {
  static thread_local std::minstd_rand generator{std::random_device()()};
  return std::uniform_real_distribution<double>(-1.0, 1.0)(generator);
}

}  // namespace

double draw_spread(const std::function<double()>& given) noexcept {
  return contained([&given] { return given ? given() : at_random(); }).value_or(0.0);
}

}  // namespace steward::detail
