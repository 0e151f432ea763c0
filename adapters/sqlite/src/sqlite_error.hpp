// SPDX-License-Identifier: Apache-2.0
//
// What SQLite's result codes mean here, and how they are told: a pure function.
#pragma once

#include "steward/result.hpp"

#include <filesystem>
#include <string_view>

namespace steward::detail {

/// What is to be done about a failure.
enum class failure_kind : unsigned char {
  request,      ///< this call failed, the connection is good
  locked,       ///< another process was faster: try again until the time is up
  interrupted,  ///< we asked for it
  lost,         ///< the connection has to be opened anew
};

struct failure {
  failure_kind kind;
  error why;
};

/// Shape: `code` may be extended; `system_error` is the errno beneath it, or zero; `text` is what SQLite says.
[[nodiscard]] failure failure_of(const std::filesystem::path& file, int code, int system_error, std::string_view text);

/// `database FILE: text`.
[[nodiscard]] error database_error(const std::filesystem::path& file, std::error_code code, std::string_view text);

[[nodiscard]] error not_a_database(const std::filesystem::path& file);

}  // namespace steward::detail
