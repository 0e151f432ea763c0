// SPDX-License-Identifier: Apache-2.0
#include "client.hpp"

#include "fake_daemon.hpp"

#include <gtest/gtest.h>

#include <fstream>

namespace steward {
namespace {

using testing::fake_daemon;
using testing::http_answer;
using testing::temporary_folder;

/// What a client says of one answer.
std::string complaint_about(std::string answer) {
  fake_daemon daemon({std::move(answer)});
  const auto read = api_client(daemon.socket()).version();
  std::string text = read ? "accepted" : read.error().to_tree();
  const std::size_t place = text.find(daemon.socket());
  return place == std::string::npos ? text : text.replace(place, daemon.socket().size(), "SOCKET");
}

TEST(Client, AsksAndUnderstands) {
  fake_daemon daemon({http_answer(200, R"({"version":"0.1.0","api":1,"pid":7,"search_path":"/bin"})"),
                      http_answer(200, R"({"key":"web","changed":true,"message":"web stops"})"),
                      http_answer(200, R"({"added":["web"],"changed":[],"unchanged":[]})")});
  const api_client client(daemon.socket());
  EXPECT_EQ(client.version(), (version_answer{.version = "0.1.0", .api = 1, .pid = 7, .search_path = "/bin"}));
  EXPECT_EQ(client.control(api_call::stop, "web"), (control_answer{.key = "web", .changed = true, .message = "web stops"}));
  unit web;
  web.program.command = {"/bin/true"};
  EXPECT_EQ(client.apply({{"web", web}}), (apply_answer{.added = {"web"}, .changed = {}, .unchanged = {}}));
  const auto asked = daemon.asked();
  ASSERT_EQ(asked.size(), 3U);
  EXPECT_EQ(asked[0], "GET /v1/version");
  EXPECT_EQ(asked[1], "POST /v1/units/web/stop");
  EXPECT_TRUE(asked[2].starts_with("POST /v1/apply {\"units\":{\"web\":{\"command\":[\"/bin/true\"]")) << asked[2];
}

TEST(Client, SaysThatThereIsNoDaemon) {
  const temporary_folder folder;
  EXPECT_EQ(api_client(folder / "none").version().error().to_string(),
            "no daemon at " + (folder / "none") + " (start one with: steward run; --socket names that of another)");
  EXPECT_EQ(api_client(folder / "no/folder").version().error().to_string(),
            "no daemon at " + (folder / "no/folder") + " (start one with: steward run; --socket names that of another)");
  std::string stale;
  {
    const fake_daemon gone({});
    stale = gone.socket();
  }
  EXPECT_EQ(api_client(stale).version().error().to_string(),
            "no daemon at " + stale + " (start one with: steward run; --socket names that of another)");
}

TEST(Client, SaysThatAForeignFileIsNoSocket) {
  const temporary_folder folder;
  std::ofstream(folder / "file") << "x";
  EXPECT_EQ(api_client(folder / "file").version().error().to_string(), (folder / "file") + " is not a socket; --socket names another");
}

TEST(Client, APathThatNoSocketCanHaveIsRefused) {
  const std::string longest(107, 'a');
  EXPECT_TRUE(check_socket_path(longest));
  EXPECT_EQ(check_socket_path(longest + "a").error().to_string(),
            "the socket's path " + longest + "a has 108 bytes, and a socket's path has at most 107; choose a shorter one with --socket");
  EXPECT_EQ(check_socket_path("").error().to_string(), "the socket's path is empty; give one with --socket");
  EXPECT_EQ(check_socket_path(std::string_view("a\0b", 3)).error().to_string(), "the socket's path has a NUL byte");
}

TEST(Client, TellsTheErrorOfTheDaemonLineByLine) {
  EXPECT_EQ(complaint_about(http_answer(404, R"({"error":"there is no unit \"web\""})")), "there is no unit \"web\"\n");
  EXPECT_EQ(complaint_about(http_answer(400, R"({"error":"one\ntwo\n"})")), "one\ntwo\n");
  EXPECT_EQ(complaint_about(http_answer(500, R"({"error":""})")), "failed\n");
  EXPECT_EQ(complaint_about(http_answer(500, "oops")), "the daemon answered with HTTP status 500 and no reason\n");
  EXPECT_EQ(complaint_about(http_answer(500, R"({"error":"\u001b[2J"})")), "\\x1b[2J\n");
}

TEST(Client, TellsOfAnswersThatAreNone) {
  EXPECT_EQ(complaint_about(""), "the daemon at SOCKET went away before it had answered\n");
  EXPECT_EQ(complaint_about("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"), "the daemon at SOCKET went away before it had answered\n");
  EXPECT_EQ(complaint_about("SSH-2.0-OpenSSH_9\r\n"), "what listens at SOCKET is not a steward daemon: bad version\n");
  EXPECT_EQ(complaint_about(http_answer(200, "hello")), "the daemon's answer is not JSON: syntax error at byte 0\n");
  EXPECT_EQ(complaint_about(http_answer(200, "[]")), "the answer is not a JSON object\n");
}

TEST(Client, HandsALogOnPieceByPiece) {
  fake_daemon daemon({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nfirst\n\r\n7\r\nsecond\n\r\n0\r\n\r\n", http_answer(200, ""),
                      http_answer(404, R"({"error":"there is no unit \"x\""})"),
                      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nfirst\n\r\n"});
  const api_client client(daemon.socket());
  const auto read = [&](std::string& text) {
    return client.follow({.call = api_call::logs, .key = "web", .follow = true, .lines = 5}, [&](std::string_view piece) { text += piece; });
  };
  std::string text;
  EXPECT_TRUE(read(text));
  EXPECT_EQ(text, "first\nsecond\n");
  std::string empty;
  EXPECT_TRUE(read(empty));
  EXPECT_EQ(empty, "");
  EXPECT_EQ(read(empty).error().to_string(), "there is no unit \"x\"");
  std::string cut;
  EXPECT_EQ(read(cut).error().to_string(),
            "the daemon at " + daemon.socket() + " went away without having ended: it was killed, or has crashed, and its programs go on");
  EXPECT_EQ(cut, "first\n");
  EXPECT_EQ(daemon.asked().front(), "GET /v1/units/web/logs?follow=1&lines=5");
}

TEST(Client, HandsEventsOnLineByLine) {
  fake_daemon daemon({"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\none\ntw\r\n9\r\no\n\nthree\n\r\n3\r\ncut\r\n0\r\n\r\n"});
  std::vector<std::string> lines;
  EXPECT_TRUE(
      api_client(daemon.socket()).follow_lines({.call = api_call::events, .key = {}}, [&](std::string_view line) { lines.emplace_back(line); }));
  EXPECT_EQ(lines, (std::vector<std::string>{"one", "two", "", "three"}));
}

// Accepts what the system queues for it and never answers, as a daemon that was stopped.
class deaf_daemon {
 public:
  deaf_daemon() { acceptor_.listen(); }
  [[nodiscard]] std::string socket() const { return folder_ / "s"; }

 private:
  using protocol = boost::asio::local::stream_protocol;
  temporary_folder folder_;
  boost::asio::io_context context_;
  protocol::acceptor acceptor_{context_, protocol::endpoint(folder_ / "s")};
};

TEST(Client, DoesNotWaitForEverForADaemonThatHangs) {
  const deaf_daemon daemon;
  const api_client client(daemon.socket(), std::chrono::milliseconds(20));
  const std::string told = "the daemon at " + daemon.socket() +
                           " has not answered for 20ms: it is stopped (kill -CONT lets it go on) or hangs (kill -KILL ends it alone: its programs go "
                           "on, and the next daemon takes them over)";
  EXPECT_EQ(client.version().error().to_string(), told);
  EXPECT_EQ(client.control(api_call::restart, "web").error().to_string(), told);
  EXPECT_EQ(client.follow({.call = api_call::logs, .key = "web", .follow = true}, [](std::string_view) {}).error().to_string(), told);
  unit large;  // more than the system takes from us while nobody reads it
  large.program.command = {"/bin/true", std::string(std::size_t{4} << 20U, 'x')};
  EXPECT_EQ(client.apply({{"large", large}}).error().to_string(), told);
}

TEST(Client, WaitsAsLongAsAStopTakes) {
  fake_daemon daemon({http_answer(200, R"({"key":"web","changed":true,"message":"web is stopped"})")}, std::chrono::milliseconds(60));
  EXPECT_TRUE(api_client(daemon.socket(), std::chrono::milliseconds(20)).control(api_call::stop, "web"));
}

TEST(Client, ReadsALargeStatus) {
  std::string units;
  for (int i = 0; i < 20000; ++i) {
    if (i > 0) units += ',';
    units +=
        R"({"key":"u)" + std::to_string(i) +
        R"(","state":"running","pid":1,"incarnation":1,"restarts":0,"generation":1,"since":"2026-01-31T12:00:00.000Z","exit":null,"waiting_for":[],"next_start_at":null,"error":null})";
  }
  fake_daemon daemon({http_answer(200, R"({"node":"n","pid":1,"since":"2026-01-31T12:00:00.000Z","table":{},"units":[)" + units + "]}")});
  const auto status = api_client(daemon.socket()).status();
  ASSERT_TRUE(status) << status.error().to_tree();
  EXPECT_EQ(status->units.size(), 20000U);
}

}  // namespace
}  // namespace steward
