// SPDX-License-Identifier: Apache-2.0
//
// From a method and a target to a request and back: the allow-list.
#include "api.hpp"
#include "text.hpp"
#include "unit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace steward {
namespace {

/// One route. `KEY` in a pattern stands for a unit's name.
struct route {
  api_call call;
  std::string_view method;
  std::string_view before_key;  ///< the whole path where there is no key
  std::string_view after_key;
  bool has_key;
};

constexpr std::string_view units = "/v1/units/";
constexpr std::array<route, 13> routes{{{api_call::version, "GET", "/v1/version", "", false},
                                        {api_call::status, "GET", "/v1/status", "", false},
                                        {api_call::unit_status, "GET", units, "", true},
                                        {api_call::explain, "GET", units, "/explain", true},
                                        {api_call::stragglers, "GET", "/v1/stragglers", "", false},
                                        {api_call::apply, "POST", "/v1/apply", "", false},
                                        {api_call::plan, "POST", "/v1/plan", "", false},
                                        {api_call::start, "POST", units, "/start", true},
                                        {api_call::stop, "POST", units, "/stop", true},
                                        {api_call::restart, "POST", units, "/restart", true},
                                        {api_call::remove, "DELETE", units, "", true},
                                        {api_call::logs, "GET", units, "/logs", true},
                                        {api_call::events, "GET", "/v1/events", "", false}}};

const route& route_of(api_call call) { return *std::ranges::find(routes, call, &route::call); }

/// The key in a path, empty for a route without one; no value when the path is another.
std::optional<std::string_view> match(const route& candidate, std::string_view path) {
  if (!candidate.has_key) return path == candidate.before_key ? std::optional(std::string_view()) : std::nullopt;
  if (!path.starts_with(candidate.before_key)) return std::nullopt;
  path.remove_prefix(candidate.before_key.size());
  const std::string_view key = path.substr(0, path.find('/'));
  return !key.empty() && path.substr(key.size()) == candidate.after_key ? std::optional(key) : std::nullopt;
}

std::unexpected<api_refusal> refuse(unsigned status, std::string text) {
  return std::unexpected(api_refusal{.status = status, .text = std::move(text)});
}

/// A target without `http://HOST` in front, which a client may put there (RFC 9112, 3.2.2). There is one host.
std::string_view without_host(std::string_view target) {
  constexpr std::string_view scheme = "http://";
  const auto same = [](char wanted, char given) { return wanted == given || (given >= 'A' && given <= 'Z' && wanted == given - 'A' + 'a'); };
  if (!std::ranges::equal(scheme, target.substr(0, scheme.size()), same)) return target;
  target.remove_prefix(scheme.size());
  return target.substr(std::min(target.find('/'), target.size()));
}

std::expected<void, api_refusal> read_lines(std::string_view value, std::uint32_t& into) {
  const auto [end, failed] = std::from_chars(value.data(), value.data() + value.size(), into);
  if (value.empty() || failed != std::errc() || end != value.data() + value.size() || into > largest_log_lines)
    return refuse(400, fmt::format("lines is {}; it must be a number from 0 to {}", in_quotes(value), largest_log_lines));
  return {};
}

std::expected<void, api_refusal> read_parameter(std::string_view parameter, api_request& into) {
  const std::string_view name = parameter.substr(0, parameter.find('='));
  const std::string_view value = parameter.substr(std::min(parameter.size(), name.size() + 1));
  const bool of_logs = into.call == api_call::logs;
  if (name == "follow") {
    if (value != "0" && value != "1") return refuse(400, fmt::format("follow is {}; it must be 0 or 1", in_quotes(value)));
    into.follow = value == "1";
    return {};
  }
  if (of_logs && name == "lines") return read_lines(value, into.lines);
  if (!of_logs && name == "key") {
    if (!is_unit_name(value)) return refuse(400, fmt::format("key is {}: {}", in_quotes(value), unit_name_rule));
    into.keys.emplace_back(value);
    return {};
  }
  return refuse(400, fmt::format("unknown parameter {}; known: follow, {}", in_quotes(name), of_logs ? "lines" : "key"));
}

std::expected<void, api_refusal> read_query(std::string_view query, api_request& into) {
  while (!query.empty()) {
    const std::string_view parameter = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), parameter.size() + 1));
    if (auto read = read_parameter(parameter, into); !read) return read;
  }
  return {};
}

}  // namespace

std::expected<api_request, api_refusal> parse_request(std::string_view method, std::string_view target) {
  target = without_host(target);
  const std::string_view path = target.substr(0, target.find('?'));
  const std::string_view query = target.substr(std::min(target.size(), path.size() + 1));
  std::vector<std::string_view> allowed;
  for (const route& candidate : routes) {
    const auto key = match(candidate, path);
    if (!key) continue;
    if (candidate.has_key && !is_unit_name(*key)) return refuse(404, fmt::format("there is no unit {}: {}", in_quotes(*key), unit_name_rule));
    if (candidate.method != method) {
      allowed.push_back(candidate.method);
      continue;
    }
    api_request out{.call = candidate.call, .key = std::string(*key)};
    if (!query.empty() && candidate.call != api_call::logs && candidate.call != api_call::events)
      return refuse(400, fmt::format("{} takes no parameters", in_quotes(path)));
    if (auto read = read_query(query, out); !read) return std::unexpected(read.error());
    return out;
  }
  if (allowed.empty()) return refuse(404, fmt::format("there is no {}; docs/http_api.md lists what there is", in_quotes(path)));
  return std::unexpected(api_refusal{.status = 405,
                                     .text = fmt::format("{} takes {}, not {}", in_quotes(path), fmt::join(allowed, " or "), in_quotes(method)),
                                     .allow = fmt::format("{}", fmt::join(allowed, ", "))});
}

std::string_view method_of(const api_request& request) { return route_of(request.call).method; }

std::string target_of(const api_request& request) {
  const route& known = route_of(request.call);
  std::string target(known.before_key);
  if (known.has_key) target += request.key;
  target += known.after_key;
  if (request.call == api_call::logs) target += fmt::format("?follow={}&lines={}", request.follow ? 1 : 0, request.lines);
  if (request.call == api_call::events) {
    target += fmt::format("?follow={}", request.follow ? 1 : 0);
    for (const std::string& each : request.keys) target += fmt::format("&key={}", each);
  }
  return target;
}

}  // namespace steward
