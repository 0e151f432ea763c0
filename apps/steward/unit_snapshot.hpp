// SPDX-License-Identifier: Apache-2.0
//
// Rows that are nowhere stored: what a plan is made for.
#pragma once

#include "steward/table.hpp"
#include "unit.hpp"

#include <map>
#include <string>
#include <utility>

namespace steward {

/// A table of the rows that it was made with, each at its own generation.
///
/// Threads: any: it never changes.
class unit_snapshot final : public table<std::string, unit> {
 public:
  explicit unit_snapshot(std::map<std::string, row<unit>> rows) : rows_(std::move(rows)) {}

  [[nodiscard]] task<row<unit>> get(context& ctx, const std::string& key) override {
    if (auto why = ctx.stop_error()) co_return std::move(*why);
    const auto found = rows_.find(key);
    if (found == rows_.end()) co_return errc::not_found;
    co_return found->second;
  }

 private:
  class cursor final : public table_cursor<std::string, unit> {
   public:
    explicit cursor(const std::map<std::string, row<unit>>& rows) noexcept : rows_(&rows) {}

    // All of them, then none.
    task<std::vector<table_entry<std::string, unit>>> fetch(context& ctx) override {
      if (auto why = ctx.stop_error()) co_return std::move(*why);
      std::vector<table_entry<std::string, unit>> page;
      if (rows_ != nullptr)
        for (const auto& [key, each] : *rows_) page.push_back({key, each});
      rows_ = nullptr;
      co_return page;
    }

   private:
    const std::map<std::string, row<unit>>* rows_;
  };

  [[nodiscard]] std::unique_ptr<table_cursor<std::string, unit>> scan() override { return std::make_unique<cursor>(rows_); }

  std::map<std::string, row<unit>> rows_;
};

}  // namespace steward
