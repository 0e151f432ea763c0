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
#include <string_view>
#include <thread>
#include <utility>

namespace steward::bench {

namespace {

constexpr int name_width = 52;

// The line of progress is for a terminal, and gone when something else is printed.
bool has_terminal() {
  static const bool is = ::isatty(STDERR_FILENO) == 1;
  return is;
}

void clear_progress() {
  if (has_terminal()) std::fputs("\r\033[K", stderr);
}

void print_goal(const figure& of, double median, double goal) {
  if (goal <= 0) return (void)std::printf("%11s\n", "-");
  const bool reached = of.at_least ? median >= goal : median <= goal;
  std::printf("%2s%9.4g %s\n", of.at_least ? ">" : "<", goal, reached ? "ok" : "MISSED");
}

}  // namespace

report::report(int rounds) : rounds_(rounds) {
  expect(rounds > 0, "there is at least one round (--rounds N)");
  std::printf("%-*s %10s %23s %-6s %7s %11s   %d round%s\n", name_width, "name", "median", "min - max", "unit", "ratio", "goal", rounds,
              rounds == 1 ? "" : "s");
  std::fflush(stdout);
}

void report::take(const std::vector<figure>& figures) {
  std::vector<std::vector<double>> taken(figures.size());
  for (int round = 1; round <= rounds_; ++round)
    for (std::size_t i = 0; i < figures.size(); ++i) {
      show_progress(figures[i], round);
      taken[i].push_back(figures[i].measure());
      if (round == rounds_) print(figures[i], std::move(taken[i]));
    }
}

void report::print(const figure& of, std::vector<double> values) {
  std::ranges::sort(values);
  const double median = values[values.size() / 2];
  const double floor = of.floor.empty() ? 0 : medians_.at(of.floor);
  medians_[of.name] = median;
  clear_progress();
  std::printf("%-*s %10.4g %10.4g - %10.4g %-6s ", name_width, of.name.c_str(), median, values.front(), values.back(), of.unit.c_str());
  if (floor > 0)
    std::printf("%7.3g ", median / floor);
  else
    std::printf("%7s ", "");
  print_goal(of, median, of.times > 0 ? of.times * floor : of.goal);
  std::fflush(stdout);
}

void report::show_progress(const figure& at, int round) const {
  if (!has_terminal()) return;
  clear_progress();
  std::fprintf(stderr, "%s, round %d of %d", at.name.c_str(), round, rounds_);
}

int rounds_in(int argc, char** argv, int usual) {
  for (int i = 1; i + 1 < argc; ++i)
    if (std::string_view(argv[i]) == "--rounds") return std::atoi(argv[i + 1]);
  return usual;
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

namespace {

std::vector<double> numbers_of(const std::string& arguments) {
  std::array<char, 4096> self{};
  expect(::readlink("/proc/self/exe", self.data(), self.size() - 1) > 0, "this program's own path is known");
  const std::string command = "'" + std::string(self.data()) + "' " + arguments;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> pipe(::popen(command.c_str(), "r"), &::pclose);
  expect(pipe != nullptr, "a fresh process runs");
  std::vector<double> numbers;
  for (double value = 0; std::fscanf(pipe.get(), "%lf", &value) == 1;) numbers.push_back(value);
  return numbers;
}

}  // namespace

double fresh_process::number(std::size_t i) {
  if (numbers_.empty() || taken_.at(i)) {
    numbers_ = numbers_of(arguments_);
    taken_.assign(numbers_.size(), false);
  }
  expect(i < numbers_.size(), "the fresh process prints its numbers");
  taken_[i] = true;
  return numbers_[i];
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
