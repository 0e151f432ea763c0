// SPDX-License-Identifier: Apache-2.0
#include "steward/memory_table.hpp"

#include "steward/testing/table_conformance.hpp"

#include <string>

namespace steward::testing {
namespace {

struct memory_fixture {
  using key_type = std::string;
  using value_type = std::string;

  steward::table<std::string, std::string>& table() { return rows; }
  task<std::uint64_t> put(context&, std::string key, std::string value, wanted what) { co_return rows.put(std::move(key), std::move(value), what); }
  task<bool> set_wanted(context&, std::string key, wanted what) { co_return rows.set_wanted(key, what); }
  task<bool> erase(context&, std::string key) { co_return rows.erase(key); }
  static std::string key(int n) { return "key " + std::to_string(n); }
  static std::string value(int n) { return "value " + std::to_string(n); }

  memory_table<std::string, std::string> rows;
};

}  // namespace

INSTANTIATE_TYPED_TEST_SUITE_P(MemoryTable, table_conformance, memory_fixture);

}  // namespace steward::testing
