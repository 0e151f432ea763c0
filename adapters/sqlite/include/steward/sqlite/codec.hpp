// SPDX-License-Identifier: Apache-2.0
//
// How keys and values become what SQLite stores, and back.
#pragma once

#include "steward/result.hpp"

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

namespace steward {

/// A key as it lies in the file. Integers come before text.
using stored_key = std::variant<std::int64_t, std::string>;

/// The key as an error shows it.
[[nodiscard]] std::string to_string(const stored_key& key);

/// How a key type is stored: specialise it for your own.
///
/// Shape: `encode` is total, and distinct keys have distinct encodings; `decode` may fail, and then that row cannot be reported by its key: the
/// iteration goes on, and ends with an error instead of at its end, so that nobody concludes that something is absent (M12). Threads: any.
template <class Key>
struct key_codec;

template <>
struct key_codec<std::string> {
  [[nodiscard]] static stored_key encode(const std::string& key) { return key; }
  [[nodiscard]] static result<std::string> decode(stored_key stored) {
    if (auto* text = std::get_if<std::string>(&stored)) return std::move(*text);
    return fail(error(errc::unreadable, "the key is a number; it has to be text"));
  }
};

/// 64-bit unsigned keys above the signed range are stored as negative numbers.
template <std::integral Key>
  requires(!std::same_as<Key, bool>)
struct key_codec<Key> {
  [[nodiscard]] static stored_key encode(Key key) { return static_cast<std::int64_t>(key); }
  [[nodiscard]] static result<Key> decode(const stored_key& stored) {
    const auto* number = std::get_if<std::int64_t>(&stored);
    if (number == nullptr) return fail(error(errc::unreadable, "the key is text; it has to be a number"));
    const auto key = static_cast<Key>(*number);
    if (static_cast<std::int64_t>(key) != *number) return fail(error(errc::unreadable, "the key is out of the range of its type"));
    return key;
  }
};

/// How a value type is stored, as the user of a table gives it: as text, or as a blob where the codec has `static constexpr bool binary = true`.
///
/// Shape: what `encode` gives, `decode` takes back. Equal values have equal encodings: by them the table knows that nothing has changed. At most 10^9
/// bytes. A `decode` that takes a `stored_key` before the value may refuse a row for its key. Errors: a row that `decode` refuses is reported with
/// its key and skipped (M10); a value that `encode` refuses is not stored. An exception counts as a refusal. Threads: called on the database's
/// threads, `encode` on one and `decode` on another, each one call at a time.
template <class Codec, class Value>
concept value_codec = requires(const Codec& codec, const Value& value) {
  { codec.encode(value) } -> std::convertible_to<result<std::string>>;
} && (requires(const Codec& codec, std::string_view stored) {
  { codec.decode(stored) } -> std::convertible_to<result<Value>>;
} || requires(const Codec& codec, const stored_key& key, std::string_view stored) {
  { codec.decode(key, stored) } -> std::convertible_to<result<Value>>;
});

/// For values that are text as they are.
struct text_codec {
  [[nodiscard]] static std::string encode(const std::string& value) { return value; }
  [[nodiscard]] static std::string decode(std::string_view stored) { return std::string(stored); }
};

}  // namespace steward
