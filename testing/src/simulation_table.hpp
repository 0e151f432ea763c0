// SPDX-License-Identifier: Apache-2.0
//
// Writes down what a manager reads of its table, and when.
#pragma once

#include "steward/table.hpp"
#include "steward/testing/simulation.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace steward::testing {

/// Another table, whose readers are written down.
///
/// Threads: one.  Lifetime: shorter than the table inside.
class told_table final : public table<std::string, simulated_row> {
 public:
  /// Adds an event to a trace, of a key if there is one.
  using teller = std::function<trace_event&(happening what, const std::string* key)>;

  told_table(table<std::string, simulated_row>& inside, const simulation_trace& trace, teller tell)
      : inside_(inside), trace_(trace), tell_(std::move(tell)) {}

  [[nodiscard]] task<row<simulated_row>> get(context& ctx, const std::string& key) override {
    const std::size_t asked = trace_.size();
    tell_(happening::get_asked, &key);
    auto reading = inside_.get(ctx, key);
    auto found = co_await std::move(reading);
    const bool is_missing = !found && found.error().is(errc::not_found);
    const bool given_up = !found && !is_missing && is_given_up(ctx);
    trace_event& told = tell_(given_up ? happening::read_given_up : happening::get_answered, &key);
    told.call = asked;
    if (!is_missing) note(told, found);
    co_return found;
  }

  /// A manager watches its table from the begin of each of its runs.
  [[nodiscard]] std::unique_ptr<table_watch> watch(table_hint<std::string> hint) override {
    tell_(happening::run_begun, nullptr);
    return inside_.watch(std::move(hint));
  }

 private:
  class cursor final : public table_cursor<std::string, simulated_row> {
   public:
    explicit cursor(told_table& from) : from_(from), rows_(from.inside_.iterate()) {}

    task<std::vector<table_entry<std::string, simulated_row>>> fetch(context& ctx) override {
      if (first_ == trace_event::no_key) first_ = from_.trace_.size();
      from_.tell_(happening::fetch_asked, nullptr).call = first_;
      std::vector<table_entry<std::string, simulated_row>> page;
      if (co_await rows_.next(ctx)) page.push_back(std::move(**rows_.get()));
      for (const auto& each : page) {
        trace_event& told = from_.tell_(happening::row_seen, &each.key);
        told.call = first_;
        note(told, each.content);
      }
      trace_event& told = from_.tell_(rows_.err() && is_given_up(ctx) ? happening::read_given_up : happening::fetch_answered, nullptr);
      told.call = first_;
      told.yes = !page.empty();
      if (!rows_.err()) co_return page;
      told.text = rows_.err()->to_string();
      co_return *rows_.err();
    }

   private:
    told_table& from_;
    table_iterator<std::string, simulated_row> rows_;
    std::size_t first_ = trace_event::no_key;
  };

  // A limit for this one read is the table's failure; whatever stops from above is not.
  [[nodiscard]] static bool is_given_up(const context& ctx) {
    const auto why = ctx.stop_error();
    return why && why->inherited();
  }

  static void note(trace_event& told, const result<row<simulated_row>>& found) {
    if (!found) {
      told.text = found.error().to_string();
      return;
    }
    told.generation = found->generation;
    told.version = found->value->version;
    told.yes = found->wanted == wanted::up;
  }

  [[nodiscard]] std::unique_ptr<table_cursor<std::string, simulated_row>> scan() override { return std::make_unique<cursor>(*this); }

  table<std::string, simulated_row>& inside_;
  const simulation_trace& trace_;
  teller tell_;
};

}  // namespace steward::testing
