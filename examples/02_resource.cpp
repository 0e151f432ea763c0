// SPDX-License-Identifier: Apache-2.0
//
// One stage opens a database, the next one uses it. Used at any other time, the handle says so instead of dangling.
#include "steward/chain.hpp"
#include "steward/leaf.hpp"
#include "steward/named.hpp"
#include "steward/resource.hpp"
#include "steward/run_until_signal.hpp"

#include <cstdio>
#include <map>
#include <string>

namespace {

/// Stands for the connection of a real one.
class database {
 public:
  void put(const std::string& name, const std::string& city) { cities_[name] = city; }
  [[nodiscard]] const std::string& city_of(const std::string& name) const { return cities_.at(name); }

 private:
  std::map<std::string, std::string> cities_;
};

steward::task<database> open_database(steward::context&) {
  std::puts("database: open");
  database made;
  made.put("ada", "London");
  co_return made;  // an error here would keep the next stage from starting
}

steward::task<> close_database(steward::context&, database&) {
  std::puts("database: closed");
  co_return {};
}

/// A stage that holds a reference to what another one opens.
class lookup {
 public:
  explicit lookup(steward::resource<database>::ref users) : users_(std::move(users)) {}

  steward::task<> operator()(steward::context&) const {
    const auto users = co_await steward::or_return(users_.get());
    std::printf("lookup: ada lives in %s\n", users->city_of("ada").c_str());
    co_return {};
  }

 private:
  steward::resource<database>::ref users_;
};

}  // namespace

int main() {
  const steward::resource<database> users("database", open_database, close_database);

  const auto too_early = users.get_ref().get();
  std::printf("before the run: %s\n", too_early.error().to_string().c_str());

  return steward::run_until_signal(steward::chain(users, steward::named("lookup", steward::leaf(lookup(users)))));
}

// It prints:
//   before the run: resource "database" is not ready: it can be used only while its callback runs
//   database: open
//   lookup: ada lives in London
//   database: closed
