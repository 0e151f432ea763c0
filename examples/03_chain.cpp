// SPDX-License-Identifier: Apache-2.0
//
// A chain starts its stages in order and winds them down in the reverse order. Each runs inside the one before, so an error comes out with its path.
#include "steward/chain.hpp"
#include "steward/named.hpp"
#include "steward/start_stop.hpp"
#include "steward/sync_wait.hpp"

#include <cstdio>
#include <string>

namespace {

/// A stage out of a pair of functions: one starts it, one stops it.
steward::runnable stage(const std::string& name) {
  const auto start = [name](steward::context&) -> steward::task<> {
    std::printf("start %s\n", name.c_str());
    co_return {};
  };
  const auto stop = [name](steward::context&) -> steward::task<> {
    std::printf("stop %s\n", name.c_str());
    co_return {};
  };
  return steward::named(name, steward::start_stop(start, stop));
}

/// A stage that cannot start.
steward::task<> occupied(steward::context&, steward::callback) {
  co_return steward::error(std::make_error_code(std::errc::address_in_use), "port 80 is taken");
}

/// What runs while every stage is ready: the callback of the whole.
steward::task<> in_use(steward::context&) {
  std::puts("in use");
  co_return {};
}

/// Runs a runnable to its end on this thread, and says how it went.
steward::result<> run(const steward::runnable& what) {
  const auto outcome = steward::sync_wait([&what](steward::context& ctx) { return what.run(ctx, in_use); });
  std::printf("-> %s\n\n", outcome ? "success" : outcome.error().to_string().c_str());
  return outcome;
}

}  // namespace

int main() {
  const auto good = run(steward::chain(stage("config"), stage("database"), stage("http")));

  // The last stage fails to start: nothing is in use, and those that are ready wind down gracefully.
  const auto bad = run(steward::chain(stage("config"), stage("database"), steward::named("http", occupied)));

  // However many names are in front of it, an error matches its code.
  return good && bad.error().is(std::make_error_code(std::errc::address_in_use)) ? 0 : 1;
}

// It prints:
//   start config
//   start database
//   start http
//   in use
//   stop http
//   stop database
//   stop config
//   -> success
//
//   start config
//   start database
//   stop database
//   stop config
//   -> config: database: http: port 80 is taken
