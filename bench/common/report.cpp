// SPDX-License-Identifier: Apache-2.0
#include "common/report.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <mutex>
#include <thread>

namespace steward::bench {

namespace {

void print_goal(const figure& of, double median, double goal) {
  if (goal <= 0) return (void)std::printf("%10s\n", "-");
  const bool reached = of.at_least ? median >= goal : median <= goal;
  std::printf("%s%9.4g %s\n", of.at_least ? ">" : " ", goal, reached ? "reached" : "MISSED");
}

}  // namespace

std::map<std::string, double> report(const std::vector<figure>& figures, int rounds) {
  std::map<std::string, std::vector<double>> taken;
  for (int round = 0; round < rounds; ++round)
    for (const figure& each : figures) taken[each.name].push_back(each.measure());
  std::map<std::string, double> medians;
  const bool ratios = std::ranges::any_of(figures, [](const figure& each) { return !each.floor.empty(); });
  std::printf("%-44s %12s %12s %12s %3s %-8s %s%10s\n", "name", "median", "min", "max", "n", "unit", ratios ? "   ratio " : "", "goal");
  for (const figure& each : figures) {
    auto& values = taken[each.name];
    std::ranges::sort(values);
    const double median = values[values.size() / 2];
    medians[each.name] = median;
    std::printf("%-44s %12.4g %12.4g %12.4g %3zu %-8s ", each.name.c_str(), median, values.front(), values.back(), values.size(), each.unit.c_str());
    const double floor = each.floor.empty() ? 0 : medians.at(each.floor);
    if (ratios && floor > 0)
      std::printf("%8.3g ", median / floor);
    else if (ratios)
      std::printf("%8s ", "");
    print_goal(each, median, each.times > 0 ? each.times * floor : each.goal);
    std::fflush(stdout);
  }
  return medians;
}

double seconds(const std::function<void()>& what) {
  const auto begin = std::chrono::steady_clock::now();
  what();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  double whole = 0;
  double resident = 0;
  statm >> whole >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double in_fresh_process(const std::string& argument) {
  std::array<char, 4096> self{};
  expect(::readlink("/proc/self/exe", self.data(), self.size() - 1) > 0, "this program's own path is known");
  const std::string command = "'" + std::string(self.data()) + "' " + argument;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(::popen(command.c_str(), "r"), &::pclose);
  double value = 0;
  expect(pipe && std::fscanf(pipe.get(), "%lf", &value) == 1, "the fresh process prints a number");
  return value;
}

void expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "benchmark: not so: %s\n", what);
  std::exit(1);
}

struct second_thread::state {
  std::mutex mutex;
  std::condition_variable ended;
  bool over = false;
  std::thread thread{[this] {
    std::unique_lock guard(mutex);
    ended.wait(guard, [this] { return over; });
  }};
};

second_thread::second_thread() : state_(new state) {}

second_thread::~second_thread() {
  {
    const std::lock_guard guard(state_->mutex);
    state_->over = true;
  }
  state_->ended.notify_all();
  state_->thread.join();
  delete state_;
}

}  // namespace steward::bench
