// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "steward/asio/detail/operation.hpp"

#include <boost/asio/prefer.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/require.hpp>

#include <type_traits>
#include <utility>

namespace steward::detail {

/// The executor of an operation's handler: the object's own, but through the operation's gate. With it a composed operation may be cancelled on an
/// executor of many threads, which Asio itself allows only within a strand.
template <class Inner>
class serial_executor {
 public:
  serial_executor(Inner inner, operation& of) noexcept : inner_(std::move(inner)), of_(&of) {}

  template <class Property>
    requires boost::asio::can_query<const Inner&, Property>::value
  auto query(const Property& property) const noexcept(boost::asio::is_nothrow_query<const Inner&, Property>::value) {
    return boost::asio::query(inner_, property);
  }

  template <class Property>
    requires boost::asio::can_require<const Inner&, Property>::value
  auto require(const Property& property) const noexcept(boost::asio::is_nothrow_require<const Inner&, Property>::value) {
    return with(boost::asio::require(inner_, property));
  }

  template <class Property>
    requires boost::asio::can_prefer<const Inner&, Property>::value
  auto prefer(const Property& property) const noexcept(boost::asio::is_nothrow_prefer<const Inner&, Property>::value) {
    return with(boost::asio::prefer(inner_, property));
  }

  template <class Step>
  void execute(Step&& step) const {
    inner_.execute(serial_step<std::decay_t<Step>>(std::forward<Step>(step), *of_));
  }

  friend bool operator==(const serial_executor& left, const serial_executor& right) noexcept {
    return left.of_ == right.of_ && left.inner_ == right.inner_;
  }

 private:
  template <class Step>
  class serial_step {
   public:
    template <class From>
    serial_step(From&& step, operation& of) : step_(std::forward<From>(step)), of_(&of) {}

    void operator()() { of_->run(step_); }

   private:
    Step step_;
    operation* of_;
  };

  template <class Other>
  [[nodiscard]] auto with(Other&& other) const noexcept {
    return serial_executor<std::decay_t<Other>>(std::forward<Other>(other), *of_);
  }

  Inner inner_;
  operation* of_;
};

}  // namespace steward::detail
