// SPDX-License-Identifier: Apache-2.0
#include "steward/program/readiness.hpp"

#include "asio/support.hpp"
#include "steward/process.hpp"
#include "steward/program/local_spawner.hpp"
#include "steward/program/program.hpp"
#include "steward/wait.hpp"
#include "support.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace steward {
namespace {

using namespace std::chrono_literals;
using boost::asio::ip::tcp;

/// A server on the loopback interface that gives everybody the same answer, and none where that is empty.
class loopback_server {
 public:
  loopback_server(boost::asio::io_context& io, std::string answer)
      : acceptor_(io, {boost::asio::ip::address_v4::loopback(), 0}), answer_(std::move(answer)) {
    if (!answer_.empty()) serve();
  }

  [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  void close() { acceptor_.close(); }

 private:
  struct peer {
    explicit peer(tcp::socket&& with) : socket(std::move(with)) {}
    tcp::socket socket;
    std::array<char, 1024> asked{};
  };

  // What was asked is read first: a connection that is closed with something unread in it loses what was written.
  void serve() {
    acceptor_.async_accept([this](const boost::system::error_code& closed, tcp::socket accepted) {
      if (closed) return;
      const auto with = std::make_shared<peer>(std::move(accepted));
      with->socket.async_read_some(boost::asio::buffer(with->asked), [this, with](const boost::system::error_code& left, std::size_t) {
        if (!left) boost::asio::write(with->socket, boost::asio::buffer(answer_));
      });
      serve();
    });
  }

  tcp::acceptor acceptor_;
  std::string answer_;
};

class Readiness : public ::testing::Test {
 protected:
  /// What is told first of one that is not ready; `ready` if it is.
  std::string first_answer(readiness how) {
    std::string told = "ready";
    const auto ask = [&](context& ctx) -> task<> {
      context until_told(ctx);
      const failed_probe note = [&](const std::string& why) {
        told = why;
        until_told.stop();
      };
      (void)co_await wait_until_ready(until_told, io_, how, note);
      if (server_) server_->close();
      co_return {};
    };
    const auto ended = asio_test::run_on(io_, on_, ask);
    EXPECT_TRUE(ended);
    return told;
  }

  std::uint16_t serve(std::string answer) { return server_.emplace(io_, std::move(answer)).port(); }

  /// Where nobody listens.
  std::uint16_t closed_port() {
    const std::uint16_t port = serve("");
    server_->close();
    return port;
  }

  boost::asio::io_context io_{1};
  asio_scheduler on_{io_};
  std::optional<loopback_server> server_;
};

TEST_F(Readiness, IsFoundAtOnceWhereTheAnswerIsGood) {
  const std::uint16_t port = serve("HTTP/1.1 302 Found\r\n\r\n");
  EXPECT_EQ(first_answer(ready_by_http{"127.0.0.1", port, "/"}), "ready");
  EXPECT_EQ(first_answer(ready_by_tcp{"127.0.0.1", serve("x")}), "ready");
}

TEST_F(Readiness, TellsTheStatusOfAnAnswer) {
  const std::uint16_t port = serve("HTTP/1.1 404 Not Found\r\n\r\n");
  EXPECT_EQ(first_answer(ready_by_http{"127.0.0.1", port, "/nope?x=1"}), "http://127.0.0.1:" + std::to_string(port) + "/nope?x=1 answered 404");
}

TEST_F(Readiness, WaitsForTheAnswerBehindThoseThatAreNotFinal) {
  const std::string before = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
  EXPECT_EQ(first_answer(ready_by_http{"127.0.0.1", serve(before + "HTTP/1.1 200 OK\r\n\r\n")}), "ready");
  EXPECT_THAT(first_answer(ready_by_http{"127.0.0.1", serve(before + "HTTP/1.1 503 Busy\r\n\r\n")}), ::testing::EndsWith("/ answered 503"));
  EXPECT_THAT(first_answer(ready_by_http{"127.0.0.1", serve("HTTP/1.1 101 Switching Protocols\r\n\r\n")}), ::testing::EndsWith("/ answered 101"));
}

TEST_F(Readiness, TellsThatNobodyListens) {
  const std::uint16_t port = closed_port();
  EXPECT_EQ(first_answer(ready_by_tcp{"127.0.0.1", port}), "tcp 127.0.0.1:" + std::to_string(port) + ": connection refused");
  EXPECT_EQ(first_answer(ready_by_http{"127.0.0.1", port}), "http://127.0.0.1:" + std::to_string(port) + "/: connection refused");
}

TEST_F(Readiness, TellsThatThereIsNoSuchHost) { EXPECT_EQ(first_answer(ready_by_tcp{"no such host", 80}), "tcp no such host:80: host not found"); }

TEST_F(Readiness, TellsThatNobodyAnswers) {
  const std::uint16_t port = serve("");  // its connections wait to be accepted
  EXPECT_EQ(first_answer(ready_by_http{"127.0.0.1", port}), "http://127.0.0.1:" + std::to_string(port) + "/: no answer");
}

TEST_F(Readiness, TellsOfAnAnswerThatIsNone) {
  const std::uint16_t port = serve("220 mail\r\n\r\n");
  EXPECT_THAT(first_answer(ready_by_http{"127.0.0.1", port}), ::testing::MatchesRegex("http://127.0.0.1:[0-9]+/: .+"));
}

/// Starts a program that is never ready, and stops it when a probe has shown that. Returns how it ended.
class LateStart : public Readiness {
 protected:
  std::string err_after(std::uint16_t port, const std::function<void(process&)>& stop) {
    test::temporary_folder folder;
    local_spawner children(io_);
    process* living = nullptr;
    program_options how;
    how.log.file = folder / "log";
    how.ready = ready_by_tcp{"127.0.0.1", port};
    how.on_not_ready = [&](const std::string&, const std::string&) { stop(*living); };
    const auto what = program(test::shell("exec sleep 1000"), how, children);
    std::string err = "none";
    const auto body = [&](context& ctx) -> task<> {
      process one(ctx, what);
      living = &one;
      (void)co_await one.start(ctx);
      if (const auto why = one.err()) {
        err = why->to_string();
        EXPECT_TRUE(why->is_stop() && why->only_stops()) << err;
      }
      co_return {};
    };
    EXPECT_TRUE(asio_test::run_on(io_, on_, body));
    return err;
  }
};

TEST_F(LateStart, SaysHowItWasProbedAndWhatItAnswered) {
  const std::uint16_t port = closed_port();
  EXPECT_EQ(err_after(port, [](process& what) { what.force(stop_reason::deadline); }),
            "tcp 127.0.0.1:" + std::to_string(port) + ": connection refused: stopped: deadline");
}

TEST_F(LateStart, ThatWasAskedToStopIsNoFailure) {
  EXPECT_EQ(err_after(closed_port(), [](process& what) { what.request_stop(); }), "none");
}

}  // namespace
}  // namespace steward
