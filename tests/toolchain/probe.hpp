// SPDX-License-Identifier: Apache-2.0
//
// A value that counts itself: whoever destroys a temporary twice, or forgets one, is seen without a sanitizer too.
#pragma once

#include "steward/sync_wait.hpp"

#include <string>
#include <utility>

namespace toolchain {

class probe {
 public:
  explicit probe(std::string text) : text_(std::move(text)) { ++alive; }
  probe(const probe& other) : text_(other.text_) { ++alive; }
  probe(probe&& other) noexcept : text_(std::move(other.text_)) { ++alive; }
  probe& operator=(const probe&) = default;
  probe& operator=(probe&&) noexcept = default;
  ~probe() { --alive; }

  [[nodiscard]] std::size_t size() const noexcept { return text_.size(); }

  static inline int alive = 0;

 private:
  std::string text_;
};

/// Longer than the small string buffer, so that AddressSanitizer sees its end too.
inline const std::string long_text = "a text that does not fit into the string object itself";

/// Runs a coroutine to its end and returns its value, or 0 if it failed.
template <class Body>
[[nodiscard]] std::size_t run(Body body) {
  const auto got = steward::sync_wait([&body](steward::context&) { return body(); });
  return got ? *got : 0;
}

}  // namespace toolchain
