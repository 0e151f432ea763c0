// SPDX-License-Identifier: Apache-2.0
#include "past_json.hpp"

#include "steward/past_text.hpp"

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>

namespace steward {
namespace {

namespace json = boost::json;

std::optional<instant> from_wall(const json::value& at) {
  constexpr std::int64_t far_away = std::int64_t{1} << 42U;  // in the 22nd century, and no overflow in nanoseconds
  if (!at.is_int64() || at.get_int64() < 0 || at.get_int64() > far_away) return std::nullopt;
  return instant(std::chrono::milliseconds(at.get_int64()) - wall_ahead());
}

/// The members of an object, each with what it is when it is missing or of another kind.
class reader {
 public:
  explicit reader(const json::object* of) noexcept : of_(of) {}

  [[nodiscard]] std::optional<std::int64_t> number(const char* name) const {
    const json::value* const found = find(name);
    if (found == nullptr || !found->is_int64()) return std::nullopt;
    return found->get_int64();
  }
  [[nodiscard]] std::uint64_t count(const char* name) const {
    const auto found = number(name);
    return found && *found > 0 ? static_cast<std::uint64_t>(*found) : 0;
  }
  [[nodiscard]] std::optional<int> small(const char* name) const {
    const auto found = number(name);
    if (!found || *found < 0 || *found > std::numeric_limits<int>::max()) return std::nullopt;
    return static_cast<int>(*found);
  }
  [[nodiscard]] std::optional<instant> time(const char* name) const {
    const json::value* const found = find(name);
    return found == nullptr ? std::nullopt : from_wall(*found);
  }
  [[nodiscard]] std::optional<std::string_view> text(const char* name) const {
    const json::value* const found = find(name);
    if (found == nullptr || !found->is_string()) return std::nullopt;
    return std::string_view(found->get_string());
  }
  [[nodiscard]] const json::value* find(const char* name) const { return of_ == nullptr ? nullptr : of_->if_contains(name); }

 private:
  const json::object* of_;
};

std::optional<exit> exit_from_json(const json::value* from) {
  const json::object* const object = from == nullptr ? nullptr : from->if_object();
  const reader read(object);
  const auto reason = read.text("reason").and_then([](std::string_view name) { return exit_reason_from_string(name); });
  if (!reason) return std::nullopt;
  exit to;
  to.reason = *reason;
  if (const auto cause = read.text("error")) to.cause = error(*cause);
  to.code = read.small("code");
  to.signal = read.small("signal");
  to.started_at = read.time("started_at");
  to.ready_at = read.time("ready_at");
  to.ended_at = read.time("ended_at");
  return to;
}

}  // namespace

row_past past_from_json(std::string_view text) {
  boost::system::error_code failure;
  const auto parsed = json::parse(text, failure);
  const reader read(failure ? nullptr : parsed.if_object());
  row_past past;
  past.incarnation = read.count("incarnation");
  past.restarts = read.count("restarts");
  past.generation = read.count("generation");
  past.state = read.text("state").and_then([](std::string_view name) { return row_state_from_string(name); }).value_or(row_state::stopped);
  if (const auto completed = read.count("completed"); completed != 0) {  // as version 0.1.0 wrote it
    past.generation = completed;
    past.state = row_state::completed;
  }
  past.history.failures = static_cast<std::uint32_t>(std::min<std::uint64_t>(read.count("failures"), std::numeric_limits<std::uint32_t>::max()));
  if (const json::value* const recent = read.find("recent"); recent != nullptr && recent->is_array())
    for (const json::value& each : recent->get_array())
      if (const auto at = from_wall(each)) past.history.recent.push_back(*at);
  if (const auto until = read.time("until"))
    past.until = *until;
  else if (past.state == row_state::backoff)
    past.state = row_state::stopped;
  past.last = exit_from_json(read.find("last"));
  return past;
}

}  // namespace steward
