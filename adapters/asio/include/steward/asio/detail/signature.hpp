// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/result.hpp"

#include <boost/system/error_code.hpp>

#include <exception>
#include <tuple>
#include <type_traits>
#include <utility>

namespace steward::detail {

/// What the values of a completion are in a task: nothing, the one value, or a tuple.
template <class... Values>
struct values_of {
  using type = std::tuple<Values...>;
};
template <class Value>
struct values_of<Value> {
  using type = Value;
};
template <>
struct values_of<> {
  using type = void;
};

template <class... Values>
using values = typename values_of<std::decay_t<Values>...>::type;

template <class... Values>
[[nodiscard]] result<values<Values...>> success(Values&&... given) {
  if constexpr (sizeof...(Values) == 0)
    return {};
  else
    return result<values<Values...>>(std::in_place, std::forward<Values>(given)...);
}

/// Makes a result of what a completion handler is called with.
template <class Signature>
struct completion;

template <class... Values>
struct completion<void(Values...)> {
  using type = values<Values...>;
  [[nodiscard]] static result<type> make(Values... given) { return success(std::move(given)...); }
};

template <class Code, class... Values>
  requires(std::is_same_v<std::decay_t<Code>, boost::system::error_code> || std::is_same_v<std::decay_t<Code>, std::error_code>)
struct completion<void(Code, Values...)> {
  using type = values<Values...>;
  [[nodiscard]] static result<type> make(const std::decay_t<Code>& code, Values... given) {
    if (code) return fail(error(std::error_code(code)));
    return success(std::move(given)...);
  }
};

template <class... Values>
struct completion<void(std::exception_ptr, Values...)> {
  using type = values<Values...>;
  [[nodiscard]] static result<type> make(const std::exception_ptr& thrown, Values... given) {
    if (thrown == nullptr) return success(std::move(given)...);
    try {
      std::rethrow_exception(thrown);
    } catch (...) {
      return fail(current_exception_error());
    }
  }
};

}  // namespace steward::detail
