// SPDX-License-Identifier: Apache-2.0
//
// A daemon for tests: answers with what it is given, one connection after the other, and remembers what it was asked.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace steward::testing {

/// A folder that is gone at the end of the scope.
class temporary_folder {
 public:
  temporary_folder() {
    std::string name = ::testing::TempDir() + "steward_XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no folder " << name;
    path_ = name;
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

/// A whole HTTP answer.
inline std::string http_answer(unsigned status, std::string_view body) {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

/// Answers each connection with the next of its answers, bytes as they are.
class fake_daemon {
 public:
  explicit fake_daemon(std::vector<std::string> answers, std::chrono::milliseconds thinks = {})
      : answers_(std::move(answers)), thinks_(thinks), acceptor_(context_, protocol::endpoint(socket())), thread_([this] { serve(); }) {}
  fake_daemon(const fake_daemon&) = delete;
  fake_daemon& operator=(const fake_daemon&) = delete;
  ~fake_daemon() { (void)asked(); }

  [[nodiscard]] std::string socket() const { return folder_ / "s"; }

  /// Ends it; what it was asked, each as `METHOD TARGET BODY`.
  std::vector<std::string> asked() {
    if (!thread_.joinable()) return asked_;
    boost::system::error_code ignored;
    protocol::socket last(context_);
    last.connect(protocol::endpoint(socket()), ignored);  // wakes an accept that nobody else will
    last.close(ignored);
    thread_.join();
    return asked_;
  }

 private:
  using protocol = boost::asio::local::stream_protocol;

  void serve() {
    for (const std::string& answer : answers_) {
      boost::system::error_code failed;
      protocol::socket peer(context_);
      acceptor_.accept(peer, failed);
      if (failed) return;
      namespace http = boost::beast::http;
      boost::beast::flat_buffer buffer;
      http::request<http::string_body> request;
      http::read(peer, buffer, request, failed);
      if (failed) return;
      asked_.push_back(std::string(request.method_string()) + " " + std::string(request.target()) +
                       (request.body().empty() ? "" : " " + request.body()));
      std::this_thread::sleep_for(thinks_);
      boost::asio::write(peer, boost::asio::buffer(answer), failed);
    }
  }

  std::vector<std::string> answers_;
  std::chrono::milliseconds thinks_;  // before each answer
  std::vector<std::string> asked_;
  temporary_folder folder_;
  boost::asio::io_context context_;
  protocol::acceptor acceptor_;
  std::thread thread_;
};

}  // namespace steward::testing
