// SPDX-License-Identifier: Apache-2.0
//
// What is wrong with a text that is not TOML, in words for whoever wrote it.
#pragma once

#include <string>
#include <string_view>

namespace steward {

/// What is wrong and what would be right, on one line, from what the parser says.
/// Shape: `description` is toml++'s, `Error while parsing SCOPE: REASON`; of one that is not known it says no more than that it cannot be read.
[[nodiscard]] std::string toml_problem(std::string_view description);

}  // namespace steward
