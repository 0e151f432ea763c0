// SPDX-License-Identifier: Apache-2.0
//
// What a simulated manager remembers: a store that fails as it is told to, and outlives a crash as far as it had made sure of it.
#pragma once

#include "steward/state_store.hpp"
#include "steward/testing/simulation.hpp"
#include "steward/wait.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace steward::testing {

/// Threads: one.
class simulated_store final : public state_store<std::string> {
 public:
  /// Adds an event to a trace, of a key if there is one.
  using teller = std::function<trace_event&(happening what, const std::string* key)>;

  /// What becomes of what is remembered of a key when somebody asks for it.
  using corrector = std::function<row_past(const std::string& key, row_past past)>;

  simulated_store(const simulation_trace& trace, teller tell, corrector correct)
      : trace_(trace), tell_(std::move(tell)), correct_(std::move(correct)) {}

  [[nodiscard]] row_past recall(const std::string& key) override {
    if (is_blank_) refuse(happening::not_recalled, &key);
    const auto found = now_.keys.find(key);
    return correct_(key, found == now_.keys.end() ? row_past() : found->second);
  }
  void remember(const std::string& key, const row_past& past) override {
    if (is_deaf_) refuse(happening::refused, &key);
    if (!is_left_) now_.keys.insert_or_assign(key, past);
  }
  void forget(const std::string& key) override {
    if (!is_left_) now_.keys.erase(key);
  }
  [[nodiscard]] restart_history recall_group(const std::string& name) override {
    if (is_blank_) refuse(happening::not_recalled, nullptr);
    const auto found = now_.groups.find(name);
    return found == now_.groups.end() ? restart_history() : found->second;
  }
  void remember_group(const std::string& name, const restart_history& history) override {
    if (is_deaf_) refuse(happening::refused, nullptr);
    if (!is_left_) now_.groups.insert_or_assign(name, history);
  }

  [[nodiscard]] task<> flush(context& ctx) override {
    const std::size_t asked = trace_.size();
    tell_(happening::flush_asked, nullptr);
    const memory then = now_;
    const std::size_t number = ++flushes_;
    auto writing = write(ctx);
    const auto written = co_await std::move(writing);
    if (written && !is_left_ && number > sure_of_) {
      sure_ = then;
      sure_of_ = number;
    }
    trace_event& told = tell_(happening::flush_answered, nullptr);
    told.call = asked;
    told.yes = written.has_value();
    co_return written;
  }

  void be_slow(std::chrono::nanoseconds time) { takes_ = time; }
  void fail_to_write(std::size_t which) { fails_at_ = which == 0 ? 0 : flushes_ + which; }
  void hang(std::size_t which) { hangs_at_ = flushes_ + which; }
  void be_deaf() { is_deaf_ = true; }
  void be_blank() { is_blank_ = true; }
  void heal() {
    takes_ = {};
    fails_at_.reset();
    hangs_at_.reset();
    is_deaf_ = is_blank_ = false;
  }

  /// The manager is lost: what it still says on its way out is not heard.
  void leave(bool loses_nothing) {
    is_left_ = true;
    loses_nothing ? sure_ = now_ : now_ = sure_;
  }
  /// Another one takes its place.
  void join() { is_left_ = false; }

 private:
  struct memory {
    std::map<std::string, row_past> keys;
    std::map<std::string, restart_history> groups;
  };

  [[noreturn]] void refuse(happening what, const std::string* key) {
    tell_(what, key);
    throw std::runtime_error("the store refuses, on purpose");
  }

  task<> write(context& ctx) {
    const std::size_t number = flushes_;
    if (hangs_at_ == number) {
      const error why = co_await ctx.stopped();
      co_return why;
    }
    if (takes_.count() > 0) {
      if (auto slept = co_await ctx.sleep_for(takes_); !slept) co_return slept;
    }
    if (fails_at_ && (*fails_at_ == 0 || *fails_at_ == number)) co_return error("the store cannot write, on purpose");
    co_return {};
  }

  const simulation_trace& trace_;
  teller tell_;
  corrector correct_;
  memory now_;
  memory sure_;
  std::size_t flushes_ = 0;
  std::size_t sure_of_ = 0;  // the flush that is the newest
  std::chrono::nanoseconds takes_{};
  std::optional<std::size_t> fails_at_;  // zero: always
  std::optional<std::size_t> hangs_at_;
  bool is_deaf_ = false;
  bool is_blank_ = false;
  bool is_left_ = false;
};

}  // namespace steward::testing
