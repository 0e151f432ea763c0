// SPDX-License-Identifier: Apache-2.0
//
// Where exceptions of SQLite, and of the user's codecs, become errors.
#pragma once

#include "connection.hpp"

#include <SQLiteCpp/Exception.h>

#include <concepts>
#include <optional>
#include <utility>

namespace steward::detail {

/// How a job, or what many of them share, ended; `failed` where it was the database's fault.
struct ending {
  result<> outcome;
  std::optional<failure_kind> failed;
};

/// Calls `body`, which returns nothing or a result.
template <std::invocable Body>
ending guarded(const connection& on, Body&& body) noexcept {
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<Body>>) {
      body();
      return {};
    } else {
      return {body(), std::nullopt};
    }
  } catch (const SQLite::Exception& thrown) {
    auto what = on.failure_now(thrown);
    return {fail(std::move(what.why)), what.kind};
  } catch (...) {
    return {fail(current_exception_error()), std::nullopt};
  }
}

}  // namespace steward::detail
