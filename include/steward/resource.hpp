// SPDX-License-Identifier: Apache-2.0
//
// What one stage opens and later stages use.
#pragma once

#include "steward/detail/resource_slot.hpp"
#include "steward/runnable.hpp"

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

namespace steward {

/// A runnable that owns a `T` while it is ready, and the place where later stages find it.
///
///     resource<database> db("database", open_database, close_database);
///     auto app = chain(db, named("http", [db = db.get_ref()](context& ctx, callback ready) -> task<> {
///       const auto handle = co_await or_return(db.get());   // std::shared_ptr<database>
///       …
///     }));
///
/// Shape: `open` is a `task<T>(context&)`; `close`, which may be left out, a `task<>(context&, T&)`. Both get the context of the run, and so does
/// the callback. Copies are the same resource.
/// Stop: when the callback has returned the value cannot be had any more, `close` is called once, also in a forced end, and the value is destroyed.
/// Errors: `open`'s as `NAME: …`, and then the callback is not called; otherwise the callback's, else `close`'s as `NAME: …`. A second run at the
/// same time fails: a resource is one thing. `get` outside the time that it is held fails with `resource_not_ready`, and names the resource.
/// Threads: `get` from any. The value is shared by all who got it: whoever uses it from several threads sees to it that it can be.
/// Lifetime: who keeps what `get` returned beyond its own stage keeps a value alive that is closed already: an object, but of no use.
/// Cost: one allocation for the value; `get` is a short critical section and an atomic increment.
/// Source: example: examples/02_resource.cpp
template <class T>
class resource {
  struct parts;

 public:
  using opener = std::move_only_function<task<T>(context&)>;
  using closer = std::move_only_function<task<>(context&, T&)>;

  /// How later stages hold the resource. Copied freely; it may outlive the resource.
  class ref {
   public:
    ref(const resource& of) noexcept : parts_(of.parts_) {}  // NOLINT(google-explicit-constructor): a reference to it

    /// The value, for as long as the caller's own stage runs.  Errors: `resource_not_ready`.
    [[nodiscard]] result<std::shared_ptr<T>> get() const {
      auto held = parts_->slot.get();
      if (!held) return fail(std::move(held.error()));
      return std::static_pointer_cast<T>(*std::move(held));
    }

   private:
    std::shared_ptr<const parts> parts_;
  };

  resource(std::string name, opener open, closer close = {}) : parts_(std::make_shared<parts>(std::move(name), std::move(open), std::move(close))) {}

  [[nodiscard]] ref get_ref() const noexcept { return ref(*this); }

  task<> run(context& ctx, callback ready) {
    const std::shared_ptr<parts> mine = parts_;
    const detail::resource_claim claim(mine->slot, ctx);
    if (!claim) co_return mine->slot.in_use();
    auto opened = co_await open(*mine, ctx);
    if (!opened) co_return mine->slot.named(opened.error());
    mine->slot.hold(*opened);
    result<> outcome = co_await ready(ctx);
    mine->slot.drop();
    const result<> closed = co_await close(*mine, ctx, **opened);
    co_return mine->slot.judge(outcome, closed);
  }

 private:
  // Coroutines of their own, which contain what the functions throw and destroy what they leave.
  static task<std::shared_ptr<T>> open(parts& of, context& ctx) {
    if (!of.open) co_return errc::empty_runnable;
    auto opened = co_await of.open(ctx);
    if (!opened) co_return opened.error();
    co_return std::make_shared<T>(*std::move(opened));
  }
  static task<> close(parts& of, context& ctx, T& value) {
    if (!of.close) co_return {};
    co_return co_await of.close(ctx, value);
  }

  std::shared_ptr<parts> parts_;
};

template <class T>
struct resource<T>::parts {
  parts(std::string name, opener with, closer and_with) : slot(std::move(name)), open(std::move(with)), close(std::move(and_with)) {}

  detail::resource_slot slot;
  opener open;
  closer close;
};

}  // namespace steward
