// SPDX-License-Identifier: Apache-2.0
#include "json_text.hpp"

#include "text.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_stack.hpp>
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <optional>
#include <set>
#include <vector>

namespace steward {
namespace {

namespace json = boost::json;
using boost::system::error_code;

/// What the parser calls: builds the value. Boost's own handler keeps the last of two equal keys and reads doubles with an error in the
/// last place (1.81), so that a unit would not survive its round trip.
struct value_builder {
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();

  json::value_stack values;
  std::vector<std::set<std::string>> open_objects;
  std::string key;
  std::string number;
  std::optional<std::string> duplicate;

  value_builder() { values.reset(); }

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_comment_part(json::string_view, error_code&) { return true; }
  bool on_comment(json::string_view, error_code&) { return true; }

  bool on_object_begin(error_code&) {
    open_objects.emplace_back();
    return true;
  }
  bool on_object_end(std::size_t n, error_code&) {
    open_objects.pop_back();
    values.push_object(n);
    return true;
  }
  bool on_array_begin(error_code&) { return true; }
  bool on_array_end(std::size_t n, error_code&) {
    values.push_array(n);
    return true;
  }

  bool on_key_part(json::string_view part, std::size_t, error_code&) {
    key.append(part.data(), part.size());
    values.push_chars(part);
    return true;
  }
  bool on_key(json::string_view part, std::size_t, error_code& failed) {
    key.append(part.data(), part.size());
    values.push_key(part);
    if (!open_objects.back().insert(key).second) {
      duplicate = key;
      failed = json::error::syntax;
      return false;
    }
    key.clear();
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, error_code&) {
    values.push_chars(part);
    return true;
  }
  bool on_string(json::string_view part, std::size_t, error_code&) {
    values.push_string(part);
    return true;
  }

  bool on_number_part(json::string_view part, error_code&) {
    number.append(part.data(), part.size());
    return true;
  }
  bool on_int64(std::int64_t value, json::string_view, error_code&) {
    number.clear();
    values.push_int64(value);
    return true;
  }
  bool on_uint64(std::uint64_t value, json::string_view, error_code&) {
    number.clear();
    values.push_uint64(value);
    return true;
  }
  bool on_double(double approximate, json::string_view part, error_code& failure) {
    number.append(part.data(), part.size());
    double exact = approximate;
    const auto [end, failed] = std::from_chars(number.data(), number.data() + number.size(), exact);
    if (failed != std::errc() || end != number.data() + number.size()) exact = approximate;
    number.clear();
    // JSON has no infinity: it could not be written again.
    if (!std::isfinite(exact)) {
      failure = json::error::exponent_overflow;
      return false;
    }
    values.push_double(exact == 0 ? 0.0 : exact);  // minus zero would be written as `-0`, which is read as the integer
    return true;
  }
  bool on_bool(bool value, error_code&) {
    values.push_bool(value);
    return true;
  }
  bool on_null(error_code&) {
    values.push_null();
    return true;
  }
};

// The library escapes what JSON must have escaped. A terminal obeys more than that.
void append_string(std::string& out, json::string_view text) {
  const std::string written = json::serialize(json::string(text));
  for (std::string_view rest = written; !rest.empty();) {
    const character c = first_character(rest);
    if (c.valid && is_control(c.point))
      out += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(c.point));
    else
      out += rest.substr(0, c.bytes);
    rest.remove_prefix(c.bytes);
  }
}

/// Writes one value. Without an indent everything stays on one line.
class writer {
 public:
  writer(std::string& out, bool pretty) : out_(out), pretty_(pretty) {}

  void write(const json::value& value) {  // NOLINT(misc-no-recursion): as deep as the value, which the parser limits
    if (const auto* object = value.if_object())
      write_object(*object);
    else if (const auto* array = value.if_array())
      write_array(*array);
    else if (const auto* text = value.if_string())
      append_string(out_, *text);
    else if (const auto* number = value.if_double())
      out_ += fmt::format("{}", *number);
    else
      out_ += json::serialize(value);
  }

 private:
  void write_object(const json::object& object) {  // NOLINT(misc-no-recursion)
    out_ += '{';
    ++depth_;
    bool first = true;
    for (const auto& [key, value] : object) {
      separate(first);
      append_string(out_, key);
      out_ += pretty_ ? ": " : ":";
      write(value);
    }
    --depth_;
    if (!first) new_line();
    out_ += '}';
  }

  void write_array(const json::array& array) {  // NOLINT(misc-no-recursion)
    out_ += '[';
    ++depth_;
    bool first = true;
    for (const auto& value : array) {
      separate(first);
      write(value);
    }
    --depth_;
    if (!first) new_line();
    out_ += ']';
  }

  void separate(bool& first) {
    if (!first) out_ += ',';
    first = false;
    new_line();
  }

  void new_line() {
    if (!pretty_) return;
    out_ += '\n';
    out_.append(2 * depth_, ' ');
  }

  std::string& out_;
  bool pretty_;
  std::size_t depth_ = 0;
};

}  // namespace

result<json::value> parse_json(std::string_view text) {
  json::basic_parser<value_builder> parser{json::parse_options()};
  error_code failed;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), failed);
  value_builder& built = parser.handler();
  if (built.duplicate) return fail(error(fmt::format("not JSON: key {} appears twice in one object, at byte {}", in_quotes(*built.duplicate), used)));
  if (!failed && used < text.size()) failed = json::error::extra_data;
  if (failed) return fail(error(fmt::format("not JSON: {} at byte {}", failed.message(), used)));
  return built.values.release();
}

std::string json_line(const json::value& value) {
  std::string out;
  writer(out, false).write(value);
  return out;
}

std::string json_pretty(const json::value& value) {
  std::string out;
  writer(out, true).write(value);
  return out;
}

}  // namespace steward
