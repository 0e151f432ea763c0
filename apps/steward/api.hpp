// SPDX-License-Identifier: Apache-2.0
//
// The daemon's HTTP interface, shared by server and client: routes, requests and answers. docs/http_api.md describes it.
#pragma once

#include "steward/plan.hpp"
#include "steward/result.hpp"

#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace steward {

/// Grows when an old client could no longer talk to a new daemon.
inline constexpr int api_version = 1;

/// The largest body of a request, 4 MiB: some 15,000 units. While it is read and checked it takes up to 60 times as much, so at most 256 MiB.
inline constexpr std::size_t largest_body = std::size_t{4} << 20U;

/// How many lines of a log are sent when nothing is said, and at most.
inline constexpr std::uint32_t default_log_lines = 100;
inline constexpr std::uint32_t largest_log_lines = 1'000'000;

/// What can be asked. A closed list: nothing else is ever dispatched.
enum class api_call : unsigned char {
  version,      ///< GET /v1/version
  status,       ///< GET /v1/status
  unit_status,  ///< GET /v1/units/KEY
  explain,      ///< GET /v1/units/KEY/explain
  stragglers,   ///< GET /v1/stragglers
  apply,        ///< POST /v1/apply
  plan,         ///< POST /v1/plan
  start,        ///< POST /v1/units/KEY/start
  stop,         ///< POST /v1/units/KEY/stop
  restart,      ///< POST /v1/units/KEY/restart
  remove,       ///< DELETE /v1/units/KEY
  logs,         ///< GET /v1/units/KEY/logs?follow=1&lines=N
  events,       ///< GET /v1/events?follow=1&key=KEY&key=KEY
};

/// One request, understood.
struct api_request {
  api_call call = api_call::version;
  std::string key;      ///< of a unit, where the call has one; always a valid unit name
  bool follow = false;  ///< of logs and events: go on with what comes from now on
  std::uint32_t lines = default_log_lines;
  std::vector<std::string> keys = {};  ///< of events: of these units alone

  friend bool operator==(const api_request&, const api_request&) = default;
};

/// A request that is refused before anything is done.
struct api_refusal {
  unsigned status = 400;   ///< HTTP
  std::string text;        ///< one line
  std::string allow = {};  ///< of 405: the methods that the path takes, as the header `Allow` has them

  friend bool operator==(const api_refusal&, const api_refusal&) = default;
};

/// Reads a request's method and target, such as `POST` and `/v1/units/web/stop`. Pure.
[[nodiscard]] std::expected<api_request, api_refusal> parse_request(std::string_view method, std::string_view target);

/// The method and the target of a request; `parse_request` reads them back.
[[nodiscard]] std::string_view method_of(const api_request& request);
[[nodiscard]] std::string target_of(const api_request& request);

/// Answer to `version`.
struct version_answer {
  std::string version;  ///< of the daemon
  int api = api_version;
  int pid = 0;
  std::string search_path;  ///< the `PATH` in which programs are looked up

  friend bool operator==(const version_answer&, const version_answer&) = default;
};

/// Answer to `apply`: the names of the units, each list sorted.
struct apply_answer {
  std::vector<std::string> added;
  std::vector<std::string> changed;
  std::vector<std::string> unchanged;

  friend bool operator==(const apply_answer&, const apply_answer&) = default;
};

/// Answer to `plan`: what `apply` would answer, and what would be done then, in that order.
struct plan_answer {
  apply_answer units;
  std::vector<planned<std::string>> steps;

  friend bool operator==(const plan_answer&, const plan_answer&) = default;
};

/// Answer to `start`, `stop`, `restart` and `remove`. Repeating one is a success that changes nothing.
struct control_answer {
  std::string key;
  bool changed = false;
  std::string message;  ///< one line for people: `web starts`, `web is already running`

  friend bool operator==(const control_answer&, const control_answer&) = default;
};

[[nodiscard]] boost::json::value answer_to_json(const version_answer& from);
[[nodiscard]] boost::json::value answer_to_json(const apply_answer& from);
[[nodiscard]] boost::json::value answer_to_json(const plan_answer& from);
[[nodiscard]] boost::json::value answer_to_json(const control_answer& from);
[[nodiscard]] result<version_answer> version_answer_from_json(const boost::json::value& from);
[[nodiscard]] result<apply_answer> apply_answer_from_json(const boost::json::value& from);
[[nodiscard]] result<plan_answer> plan_answer_from_json(const boost::json::value& from);
[[nodiscard]] result<control_answer> control_answer_from_json(const boost::json::value& from);

/// The body of every answer from 400 on: `{"error": "one line"}`. Problems of several lines keep their line breaks.
[[nodiscard]] std::string error_body(std::string_view text);

/// The version of this program, such as `0.1.0`.
[[nodiscard]] std::string_view steward_version() noexcept;

}  // namespace steward
