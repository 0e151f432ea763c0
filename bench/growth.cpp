// SPDX-License-Identifier: Apache-2.0
//
// How a manager grows from 10,000 to 1,000,000 rows. What is linear is a straight line with a slope of one, and costs a row the same anywhere.
//
//   ./dev bench growth -- --svg docs/growth.svg     a minute; also draws it
#include "common/managed.hpp"
#include "common/plot.hpp"
#include "common/report.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace steward;

constexpr int sizes[] = {10'000, 30'000, 100'000, 300'000, 1'000'000};

std::string file_in(int argc, char** argv) {
  for (int i = 1; i + 1 < argc; ++i)
    if (std::string_view(argv[i]) == "--svg") return argv[i + 1];
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const bench::second_thread second;
  if (argc > 2 && std::string_view(argv[1]) == "run") {
    const bench::managed taken = bench::run_managed(std::atoi(argv[2]));
    return std::printf("%f %f %f %f\n", taken.ready * 1e3, taken.stop * 1e3, taken.pass, taken.bytes * std::atoi(argv[2]) / (1 << 20)), 0;
  }
  bench::report out(bench::rounds_in(argc, argv, 3));
  bench::plot time("ms", {"all ready", "all stopped", "a pass that finds nothing"});
  bench::plot memory("MiB", {"resident"});
  for (const int size : sizes) {
    bench::fresh_process whole("run " + std::to_string(size));
    const std::string rows = std::to_string(size) + " rows: ";
    out.take({
        {rows + "run to all ready", "ms", 0, [&] { return whole.number(0); }},
        {rows + "stop all", "ms", 0, [&] { return whole.number(1); }},
        {rows + "a pass that finds nothing", "ms", 0, [&] { return whole.number(2); }},
        {rows + "resident", "MiB", 0, [&] { return whole.number(3); }},
    });
    time.add(size, {out.median(rows + "run to all ready"), out.median(rows + "stop all"), out.median(rows + "a pass that finds nothing")});
    memory.add(size, {out.median(rows + "resident")});
  }
  if (const std::string file = file_in(argc, argv); !file.empty()) bench::draw(file, "rows of a manager in memory", {time, memory});
}
