// SPDX-License-Identifier: Apache-2.0
#include "api.hpp"
#include "json_text.hpp"

#include <gtest/gtest.h>

#include <array>

namespace steward {
namespace {

std::string refusal(std::string_view method, std::string_view target) {
  const auto read = parse_request(method, target);
  return read ? "accepted" : std::to_string(read.error().status) + " " + read.error().text;
}

TEST(ApiRequest, TheRoutesArePinned) {
  using enum api_call;
  const std::array<std::pair<api_request, std::string_view>, 14> pinned{{
      {{.call = version, .key = ""}, "GET /v1/version"},
      {{.call = status, .key = ""}, "GET /v1/status"},
      {{.call = unit_status, .key = "web"}, "GET /v1/units/web"},
      {{.call = explain, .key = "web"}, "GET /v1/units/web/explain"},
      {{.call = stragglers, .key = ""}, "GET /v1/stragglers"},
      {{.call = apply, .key = ""}, "POST /v1/apply"},
      {{.call = plan, .key = ""}, "POST /v1/plan"},
      {{.call = start, .key = "web"}, "POST /v1/units/web/start"},
      {{.call = stop, .key = "web@1.x"}, "POST /v1/units/web@1.x/stop"},
      {{.call = restart, .key = "web"}, "POST /v1/units/web/restart"},
      {{.call = remove, .key = "web"}, "DELETE /v1/units/web"},
      {{.call = logs, .key = "web", .follow = true, .lines = 20}, "GET /v1/units/web/logs?follow=1&lines=20"},
      {{.call = events, .key = ""}, "GET /v1/events?follow=0"},
      {{.call = events, .key = "", .follow = true, .keys = {"web", "db"}}, "GET /v1/events?follow=1&key=web&key=db"},
  }};
  for (const auto& [request, line] : pinned) {
    EXPECT_EQ(std::string(method_of(request)) + " " + target_of(request), line);
    EXPECT_EQ(parse_request(method_of(request), target_of(request)).value(), request) << line;
  }
}

TEST(ApiRequest, TheParametersOfLogsHaveDefaults) {
  EXPECT_EQ(parse_request("GET", "/v1/units/web/logs").value(), (api_request{.call = api_call::logs, .key = "web", .follow = false, .lines = 100}));
  EXPECT_EQ(parse_request("GET", "/v1/units/web/logs?").value().lines, 100U);
  EXPECT_EQ(parse_request("GET", "/v1/units/web/logs?lines=0&follow=0").value().lines, 0U);
}

TEST(ApiRequest, WhatIsNotOnTheListIsNotThere) {
  for (const std::string_view target :
       {"", "/", "/v1", "/v1/", "/v2/status", "/v1/status/", "//v1/status", "/v1/units", "/v1/units/", "/v1/units//stop", "/v1/units/web/",
        "/v1/units/web/kill", "/v1/units/web/start/now", "/v1/Status", "http://x/v2/status", "http://x", "ftp://x/v1/status", "*"})
    EXPECT_TRUE(refusal("GET", target).starts_with("404 ")) << target << ": " << refusal("GET", target);
  EXPECT_EQ(refusal("GET", "/v1/units/"), "404 there is no \"/v1/units/\"; docs/http_api.md lists what there is");
  EXPECT_EQ(refusal("GET", "/v1/unit"), "404 there is no \"/v1/unit\"; docs/http_api.md lists what there is");
}

TEST(ApiRequest, ATargetMayNameTheHost) {
  EXPECT_EQ(parse_request("GET", "http://localhost/v1/units/web/logs?lines=3").value(),
            (api_request{.call = api_call::logs, .key = "web", .follow = false, .lines = 3}));
  EXPECT_EQ(parse_request("GET", "HTTP://x:80/v1/status").value().call, api_call::status);
}

TEST(ApiRequest, AKeyThatIsNoNameIsNotThere) {
  for (const std::string_view key : {"..", "%2e%2e", ".x", "-x", "a b", "a%00", "a\nb"})
    EXPECT_TRUE(refusal("GET", "/v1/units/" + std::string(key)).starts_with("404 there is no unit ")) << key;
  EXPECT_TRUE(refusal("DELETE", "/v1/units/" + std::string(65, 'a')).starts_with("404 there is no unit "));
}

TEST(ApiRequest, AWrongMethodIsToldWhichIsRight) {
  EXPECT_EQ(refusal("POST", "/v1/status"), "405 \"/v1/status\" takes GET, not \"POST\"");
  EXPECT_EQ(refusal("PUT", "/v1/units/web"), "405 \"/v1/units/web\" takes GET or DELETE, not \"PUT\"");
  EXPECT_EQ(refusal("GET", "/v1/units/web/stop"), "405 \"/v1/units/web/stop\" takes POST, not \"GET\"");
  EXPECT_EQ(refusal("get", "/v1/status"), "405 \"/v1/status\" takes GET, not \"get\"");
  EXPECT_EQ(parse_request("PUT", "/v1/units/web").error().allow, "GET, DELETE");
  EXPECT_EQ(parse_request("PUT", "/v1/unit").error().allow, "");
}

TEST(ApiRequest, AnEmptyQueryIsNone) { EXPECT_EQ(parse_request("GET", "/v1/status?")->call, api_call::status); }

TEST(ApiRequest, WrongParametersAreRefused) {
  EXPECT_EQ(refusal("GET", "/v1/units/web/logs?lines=x"), "400 lines is \"x\"; it must be a number from 0 to 1000000");
  EXPECT_EQ(refusal("GET", "/v1/units/web/logs?lines="), "400 lines is \"\"; it must be a number from 0 to 1000000");
  EXPECT_EQ(refusal("GET", "/v1/units/web/logs?lines=-1"), "400 lines is \"-1\"; it must be a number from 0 to 1000000");
  EXPECT_EQ(refusal("GET", "/v1/units/web/logs?lines=1000001"), "400 lines is \"1000001\"; it must be a number from 0 to 1000000");
  EXPECT_EQ(refusal("GET", "/v1/units/web/logs?follow=yes"), "400 follow is \"yes\"; it must be 0 or 1");
  EXPECT_EQ(refusal("GET", "/v1/units/web/logs?since=1h"), "400 unknown parameter \"since\"; known: follow, lines");
  EXPECT_EQ(refusal("GET", "/v1/events?lines=3"), "400 unknown parameter \"lines\"; known: follow, key");
  EXPECT_EQ(refusal("GET", "/v1/events?key=a%20b"),
            "400 key is \"a%20b\": a unit name is 1 to 64 of A-Z a-z 0-9 . _ @ - and does not begin with . or -");
  EXPECT_EQ(refusal("GET", "/v1/status?x=1"), "400 \"/v1/status\" takes no parameters");
}

TEST(ApiAnswer, SurvivesTheRoundTrip) {
  const version_answer version{.version = "1.2.3", .api = 1, .pid = 7, .search_path = "/bin"};
  EXPECT_EQ(version_answer_from_json(answer_to_json(version)), version);
  const apply_answer applied{.added = {"a"}, .changed = {}, .unchanged = {"b", "c"}};
  EXPECT_EQ(apply_answer_from_json(answer_to_json(applied)), applied);
  const plan_answer plan{.units = applied,
                         .steps = {{.key = "w", .action = plan_action::restart, .because_of = "b", .waiting_for = {}},
                                   {.key = "a", .action = plan_action::wait, .because_of = {}, .waiting_for = {"x", "y"}}}};
  EXPECT_EQ(plan_answer_from_json(answer_to_json(plan)), plan);
  const control_answer control{.key = "web", .changed = true, .message = "web stops"};
  EXPECT_EQ(control_answer_from_json(answer_to_json(control)), control);
}

TEST(ApiAnswer, AnAnswerOfAWrongShapeIsToldSo) {
  EXPECT_EQ(control_answer_from_json(boost::json::object{{"key", 1}}).error().to_tree(),
            "key: is an integer; it must be a string\nchanged: must be a boolean\n");
  EXPECT_EQ(version_answer_from_json(3).error().to_string(), "the answer is not a JSON object");
}

TEST(ApiAnswer, TheWireFormOfAPlanIsPinned) {
  const plan_answer plan{.units = {.added = {"a"}, .changed = {}, .unchanged = {}},
                         .steps = {{.key = "a", .action = plan_action::start, .because_of = {}, .waiting_for = {}}}};
  EXPECT_EQ(json_line(answer_to_json(plan)),
            R"({"added":["a"],"changed":[],"unchanged":[],"steps":[{"key":"a","action":"start","because_of":null,"waiting_for":[]}]})");
  EXPECT_EQ(plan_answer_from_json(boost::json::object{{"steps", boost::json::array{3}}}).error().to_string(), "steps[0]: must be a step of a plan");
}

TEST(ApiAnswer, AnErrorIsOneString) { EXPECT_EQ(error_body("a \"b\"\nc"), R"({"error":"a \"b\"\nc"})"); }

}  // namespace
}  // namespace steward
