// SPDX-License-Identifier: Apache-2.0
//
// An error as a value: what, where and why, one word wide.
#pragma once

#include "steward/detail/error_word.hpp"

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace steward {

class context;
namespace detail {
class maybe_error;
}

/// Why an operation failed: a code to match, a text to read, and the errors that caused it.
///
/// Errors are immutable and shared: a copy costs one atomic increment, and none at all for the library's own codes and for stops, which need no
/// memory. An error that grew out of others *matches* any code among its causes, through any number of prefixes and joins (N2, E1). Errors that lost
/// against it are kept beside it: they are printed by `to_tree`, and never match.
///
/// Threads: distinct objects may be used from distinct threads, also when they share their content.
/// Cost: creation with a text allocates. When memory is out the text is lost and the code stays; nothing here throws but `to_string` and `to_tree`.
class error {
 public:
  /// One of the library's own errors, with its standard text. No allocation.
  error(errc code) noexcept;  // NOLINT(google-explicit-constructor): `co_return errc::x` is the point

  /// An error with a text of its own. An empty text prints the code's message.
  error(std::error_code code, std::string_view text = {}) noexcept;  // NOLINT(google-explicit-constructor)

  /// `errc::failed` with a text: for what has no code worth matching.
  explicit error(std::string_view text) noexcept;

  /// The error of a wait that ended because its context stopped.
  /// Shape: `origin` is the context on which `stop` was called, used as an identity only; `inherited` when that was an ancestor.
  [[nodiscard]] static error stopped(stop_reason reason, const context* origin = nullptr, bool inherited = false) noexcept;

  /// Several errors as one; they print in order as `a; b`.
  /// Shape: at least one; one alone comes back as it is.  Source: E3.
  [[nodiscard]] static error join(std::span<const error> causes) noexcept;

  /// The same error, with `text` in front: give it as `"web: "`.  Source: N1, E2.
  [[nodiscard]] error prefixed(std::string_view text) const noexcept;

  /// The same error, with errors beside it that happened as well and lost.  Source: E3.
  [[nodiscard]] error with_lost(std::span<const error> lost) const noexcept;

  /// The code of the innermost first cause. An error made from a code returns just that.
  [[nodiscard]] std::error_code code() const noexcept;

  /// Whether this error or any of its causes has this code.  Cost: linear in the number of causes.
  [[nodiscard]] bool is(std::error_code code) const noexcept;

  /// Whether the first cause is a stop, and if so which. `reason()` of any other error is `requested`.
  [[nodiscard]] bool is_stop() const noexcept;
  [[nodiscard]] stop_reason reason() const noexcept;
  [[nodiscard]] bool inherited() const noexcept;

  /// Whether every cause is a stop: it was asked to end, and that is all there is to say.
  [[nodiscard]] bool only_stops() const noexcept;

  /// Whether every cause is a stop that began at `origin`: an *echo* of what the holder of `origin` did itself.
  [[nodiscard]] bool is_echo_of(const context* origin) const noexcept;

  /// On one line: `web: run: connection refused; stopped: deadline`. Line breaks inside texts are shown as `\n`.
  [[nodiscard]] std::string to_string() const;

  /// One cause a line, indented under what it caused; errors that lost are marked `also:`.
  [[nodiscard]] std::string to_tree() const;

  // Inline as far as the word: errors are moved and destroyed wherever a task ends, and seldom hold anything.
  error(const error& other) noexcept : word_(other.word_) {
    if (holds_node()) hold();
  }
  error(error&& other) noexcept : word_(std::exchange(other.word_, detail::pack(errc::failed))) {}
  error& operator=(error other) noexcept {
    std::swap(word_, other.word_);
    return *this;
  }
  ~error() {
    if (holds_node()) let_go();
  }

  friend bool operator==(const error& left, const error& right) noexcept { return left.word_ == right.word_; }

 private:
  struct node;
  struct walk;

  friend class detail::maybe_error;  // an error, or a word of zero
  friend class context;              // keeps the word of its stop, so that asking why needs no lock

  explicit error(std::uintptr_t word) noexcept : word_(word) {}
  [[nodiscard]] bool holds_node() const noexcept { return (word_ & 1) == 0 && word_ != 0; }
  void hold() const noexcept;
  void let_go() noexcept;
  static error from(node* made, errc otherwise) noexcept;
  [[nodiscard]] node* pointer() const noexcept;
  [[nodiscard]] const error& first_cause() const noexcept;

  std::uintptr_t word_;  // odd: code, reason and origin packed; even: a node
};

/// The exception now being handled, as an error that keeps its type and message. The one place where exceptions become errors (R7).
/// Shape: call it inside a `catch`. Cost: allocates; counts in `contained_exceptions`.
[[nodiscard]] error current_exception_error() noexcept;

/// How many exceptions have escaped user code and were contained since the program began.
[[nodiscard]] std::uint64_t contained_exceptions() noexcept;

}  // namespace steward
