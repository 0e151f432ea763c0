// SPDX-License-Identifier: Apache-2.0
//
// Awaiting any Asio operation inside a task.
#pragma once

#include "steward/asio/detail/serial_executor.hpp"
#include "steward/asio/detail/signature.hpp"
#include "steward/task.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>

#include <coroutine>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>

namespace steward {

/// The completion token that makes an Asio operation an awaitable of tasks:
///
///     task<> echo(context& ctx, tcp::socket& socket) {
///       std::array<char, 1024> bytes;
///       for (;;) {
///         auto got = co_await socket.async_read_some(boost::asio::buffer(bytes), use_task);
///         if (!got) co_return std::move(got.error());
///         co_await or_return(co_await async_write(socket, boost::asio::buffer(bytes, *got), use_task));
///       }
///     }
///
/// `use_task` stops with the context that the awaiting coroutine has as a parameter, the first one if there are several; a coroutine without one does
/// not compile. `use_task(ctx)` stops with `ctx`, and `use_task.ignoring_stop()` with none.
///
/// Shape: the operation begins when it is awaited. It yields `result<>`, `result<T>`, or a `result` of a tuple, as many values as the handler would
/// get behind its `error_code`. Stop: the operation is cancelled, and the wait ends when it has really completed. A context that is stopped already
/// begins nothing. Errors: the operation's, with its code: `got.error().is(make_error_code(boost::asio::error::eof))`; the stop's, if that cancelled
/// it. One that completed in spite of the stop yields its values. Threads: the coroutine resumes on its own scheduler. The object may be used by one
/// coroutine at a time, or by several on one lane, and no strand is needed. Lifetime: the object and the buffers outlive the wait. Cost: what Asio
/// allocates for a handler, which it recycles. Source: decision 0009.
class use_task_t {
 public:
  class in;
  class unstopped;

  [[nodiscard]] constexpr in operator()(context& ctx) const noexcept;
  [[nodiscard]] constexpr unstopped ignoring_stop() const noexcept;

 private:
  template <class, class, class, class...>
  friend class use_task_awaiter;

  template <class Promise>
  [[nodiscard]] static context* context_of(Promise& caller) noexcept {
    static_assert(
        requires { caller.given_context(); },
        "use_task: this coroutine has no parameter of type `steward::context&`; say use_task(ctx) or use_task.ignoring_stop()");
    return &caller.given_context();
  }
};

/// What `use_task(ctx)` is.
class use_task_t::in {
 public:
  constexpr explicit in(context& ctx) noexcept : context_(&ctx) {}

 private:
  template <class, class, class, class...>
  friend class use_task_awaiter;

  template <class Promise>
  [[nodiscard]] context* context_of(Promise&) const noexcept {
    return context_;
  }

  context* context_;
};

/// What `use_task.ignoring_stop()` is.
class use_task_t::unstopped {
 private:
  template <class, class, class, class...>
  friend class use_task_awaiter;

  template <class Promise>
  [[nodiscard]] static context* context_of(Promise&) noexcept {
    return nullptr;
  }
};

constexpr use_task_t::in use_task_t::operator()(context& ctx) const noexcept { return in(ctx); }
constexpr use_task_t::unstopped use_task_t::ignoring_stop() const noexcept { return unstopped(); }

inline constexpr use_task_t use_task;

namespace detail {

/// What Asio calls when the operation of `Awaiter` has completed.
template <class Awaiter>
class use_task_handler {
 public:
  using cancellation_slot_type = boost::asio::cancellation_slot;

  explicit use_task_handler(Awaiter& of) noexcept : of_(&of) {}
  use_task_handler(use_task_handler&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
  use_task_handler& operator=(use_task_handler&&) = delete;
  ~use_task_handler() {
    if (of_ != nullptr) of_->dropped();
  }

  template <class... Given>
  void operator()(Given&&... given) noexcept {
    std::exchange(of_, nullptr)->complete(std::forward<Given>(given)...);
  }

  [[nodiscard]] cancellation_slot_type get_cancellation_slot() const noexcept { return of_->slot(); }
  [[nodiscard]] operation& of() const noexcept { return *of_; }

 private:
  Awaiter* of_;
};

}  // namespace detail

/// An operation that waits to be awaited. Its type appears only in `co_await` expressions.
template <class Token, class Signature, class Initiation, class... Arguments>
class [[nodiscard]] use_task_awaiter final : private detail::operation {
  using completion = detail::completion<Signature>;
  using value = typename completion::type;

 public:
  template <class Given, class... GivenArguments>
  use_task_awaiter(Token token, Given&& initiation, GivenArguments&&... arguments)
      : token_(token), initiation_(std::forward<Given>(initiation)), arguments_(std::forward<GivenArguments>(arguments)...) {}
  use_task_awaiter(use_task_awaiter&& other) noexcept(std::is_nothrow_move_constructible_v<std::tuple<Initiation, Arguments...>>)
      : operation(), token_(other.token_), initiation_(std::move(other.initiation_)), arguments_(std::move(other.arguments_)) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }

  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> caller) noexcept {
    if (!begin(caller.promise(), token_.context_of(caller.promise()))) return false;
    try {
      std::apply([this](Arguments&... given) { std::move(initiation_)(detail::use_task_handler<use_task_awaiter>(*this), std::move(given)...); },
                 arguments_);
    } catch (...) {
      outcome_.emplace(fail(current_exception_error()));
    }
    return initiated();
  }

  result<value> await_resume() {
    auto stop = end();
    if (!outcome_) return fail(*std::move(stop));
    if (stop && !*outcome_ && outcome_->error().code() == std::errc::operation_canceled) return fail(*std::move(stop));
    return *std::move(outcome_);
  }

 private:
  template <class>
  friend class detail::use_task_handler;

  template <class... Given>
  void complete(Given&&... given) noexcept {
    try {
      outcome_.emplace(completion::make(std::forward<Given>(given)...));
    } catch (...) {
      outcome_.emplace(fail(current_exception_error()));
    }
    completed();
  }

  // An operation that throws when it is initiated, or whose io_context goes before it completes, drops its handler.
  void dropped() noexcept {
    outcome_.emplace(fail(std::make_error_code(std::errc::operation_canceled)));
    completed();
  }

  [[no_unique_address]] Token token_;
  Initiation initiation_;
  std::tuple<Arguments...> arguments_;
  std::optional<result<value>> outcome_;
};

namespace detail {

/// `async_result` of the three tokens.
template <class Token, class Signature>
struct use_task_result {
  template <class Initiation, class... Arguments>
  [[nodiscard]] static auto initiate(Initiation&& initiation, Token token, Arguments&&... arguments) {
    return use_task_awaiter<Token, Signature, std::decay_t<Initiation>, std::decay_t<Arguments>...>(token, std::forward<Initiation>(initiation),
                                                                                                    std::forward<Arguments>(arguments)...);
  }
};

}  // namespace detail
}  // namespace steward

namespace boost::asio {

template <class Signature>
class async_result<steward::use_task_t, Signature> : public steward::detail::use_task_result<steward::use_task_t, Signature> {};
template <class Signature>
class async_result<steward::use_task_t::in, Signature> : public steward::detail::use_task_result<steward::use_task_t::in, Signature> {};
template <class Signature>
class async_result<steward::use_task_t::unstopped, Signature> : public steward::detail::use_task_result<steward::use_task_t::unstopped, Signature> {};

template <class Awaiter, class Executor>
struct associated_executor<steward::detail::use_task_handler<Awaiter>, Executor> {
  using type = steward::detail::serial_executor<Executor>;
  [[nodiscard]] static type get(const steward::detail::use_task_handler<Awaiter>& handler, const Executor& otherwise = Executor()) noexcept {
    return type(otherwise, handler.of());
  }
};

}  // namespace boost::asio
