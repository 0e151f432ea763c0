// SPDX-License-Identifier: Apache-2.0
//
// A component is put under a manager in virtual time, with failing tables, crashes, edits, stops and deadlines at every moment that a seed thinks of.
#include "steward/testing/simulation.hpp"
#include "steward/wait.hpp"

#include <cstdio>
#include <set>
#include <string>

namespace {

using namespace std::chrono_literals;

/// A component that owns something of which there must be one: the port of its key, say. It gives it back when it has wound down.
class listener {
 public:
  listener(std::set<std::string>& ports, std::string key) : ports_(&ports), key_(std::move(key)) {}

  steward::task<> run(steward::context& ctx, steward::callback ready) {
    if (!ports_->insert(key_).second) co_return steward::error("the port of " + key_ + " is taken");
    const auto port = port_of(*ports_, key_);
    co_await steward::or_return(co_await ctx.sleep_for(2ms));
    auto outcome = co_await ready(ctx);
    (void)co_await ctx.sleep_for(3ms);  // connections are drained, as far as there is time
    co_return outcome;
  }

 private:
  /// Gives the port back, however the run ends.
  class port_of {
   public:
    port_of(std::set<std::string>& ports, const std::string& key) : ports_(ports), key_(key) {}
    port_of(const port_of&) = delete;
    port_of& operator=(const port_of&) = delete;
    ~port_of() { ports_.erase(key_); }

   private:
    std::set<std::string>& ports_;
    const std::string& key_;
  };

  std::set<std::string>* ports_;
  std::string key_;
};

}  // namespace

int main() {
  std::set<std::string> ports;
  steward::testing::simulation_options what;
  what.keys = {"web", "mail"};
  what.with.replaces = false;  // there is one port: two of a key cannot live beside each other
  what.make = [&ports](const std::string& key) -> steward::result<steward::runnable> { return steward::runnable(listener(ports, key)); };

  // In a GoogleTest case: `for_each_simulation(1000, what)`, which also says how to see a failing seed again.
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const auto report = steward::testing::simulate(seed, what);
    if (report.held() && ports.empty()) continue;
    std::puts(report.to_string().c_str());
    return 1;
  }
  std::puts("200 simulations hold, and no port is left taken");
  return 0;
}

// It prints:
//   200 simulations hold, and no port is left taken
