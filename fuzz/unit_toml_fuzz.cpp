// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a units file: refused in lines that are safe for a terminal, or read as units that survive their stored form.
#include "require.hpp"
#include "unit_json.hpp"
#include "unit_toml.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const steward::known_units known{{"known", {"web"}}};
  static const steward::executable_lookup programs{
      .look =
          [](const std::string& path) { return path.size() % 2 == 0 ? steward::executable_state::executable : steward::executable_state::missing; },
      .search_path = "/usr/bin:/bin"};
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = steward::parse_units(text, {.file = "units.toml", .folder = "/srv"});
  if (!read) {
    require_safe(read.error().to_tree());
    return 0;
  }
  for (const auto& [name, each] : *read) {
    require(steward::is_unit_name(name));
    const auto again = steward::unit_from_row(steward::unit_to_row(each));
    require(again && *again == each);
  }
  (void)steward::parse_units(text, {.file = "units.toml", .folder = "/srv", .known = &known, .programs = &programs});
  return 0;
}
