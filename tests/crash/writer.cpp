// SPDX-License-Identifier: Apache-2.0
#include "writer.hpp"

#include "steward/sqlite/sqlite_table.hpp"
#include "steward/sync_wait.hpp"
#include "steward/testing/background.hpp"
#include "victim.hpp"

#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <sstream>

namespace steward::test {
namespace {

/// One of those that write at the same time, each to keys of its own.
class client {
 public:
  using edit = table_edit<std::string, std::string>;

  client(sqlite_database& in, int number, std::uint64_t seed)
      : rows_(in, "rows"), number_(number), random_(seed * 31 + static_cast<std::uint64_t>(number)) {
    next_ = (seed * 10 + static_cast<std::uint64_t>(number)) * 10'000'000;
  }

  task<> run(context& ctx) {
    co_await or_return(learn(ctx));
    for (int n = 0; n < 100'000; ++n) co_await or_return(step(ctx));
    co_return {};
  }

 private:
  static constexpr int keys = 8;

  // What is there from the writer before, so that `set_wanted` has a row.
  task<> learn(context& ctx) {
    for (int n = 0; n < keys; ++n) {
      const auto key = name(n);
      const auto got = co_await rows_.get(ctx, key);
      if (got) states_[key] = got->value->substr(0, got->value->find(' ')) + ":";
    }
    co_return {};
  }

  task<> step(context& ctx) {
    edit changes;
    std::vector<intended> intent;
    const auto kind = random_() % 10;
    if (kind < 5) {
      put(changes, intent, name(pick()));
    } else if (kind < 7) {
      for (int n = 0; n < keys; ++n) put(changes, intent, name(n));
    } else if (kind < 8) {
      const auto key = name(pick());
      changes.erase(key);
      intent.push_back(intended{key, ""});
    } else if (states_.empty()) {
      co_return {};
    } else {
      const auto& [key, state] = *states_.begin();
      const auto what = random_() % 2 == 0 ? wanted::up : wanted::down;
      changes.set_wanted(key, what);
      intent.push_back(intended{key, state.substr(0, state.find(':')) + ":" + std::string(to_string(what))});
    }
    co_return co_await carry_out(ctx, std::move(changes), std::move(intent));
  }

  task<> carry_out(context& ctx, edit changes, std::vector<intended> intent) {
    const auto id = std::to_string(++next_);
    std::string line = "will " + id;
    for (const auto& each : intent) line += " " + each.key + "=" + each.state;
    say(line);
    const auto done = co_await rows_.edit(ctx, std::move(changes));
    if (!done) co_return done.error();
    say("done " + id);
    for (const auto& each : intent)
      if (each.state.empty())
        states_.erase(each.key);
      else
        states_[each.key] = each.state;
    co_return {};
  }

  // Large ones now and then, so that the log is moved into the file often.
  void put(edit& changes, std::vector<intended>& intent, const std::string& key) {
    const auto number = std::to_string(++next_);
    const auto size = random_() % 20 == 0 ? random_() % 100'000 : random_() % 500;
    changes.put(key, number + " " + std::string(size, 'x'));
    intent.push_back(intended{key, number + ":up"});
  }

  int pick() { return static_cast<int>(random_() % keys); }
  [[nodiscard]] std::string name(int n) const { return "c" + std::to_string(number_) + "k" + std::to_string(n); }

  sqlite_table<std::string, std::string> rows_;
  int number_;
  std::mt19937_64 random_;
  std::uint64_t next_ = 0;  // so that no number is used twice, in any round
  std::map<std::string, expected_state> states_;
};

}  // namespace

said parse(const std::string& line) {
  std::istringstream words(line);
  std::string what;
  said heard{said::what::failed, 0, {}, line};
  words >> what;
  if (what == "open") heard.what = said::what::open;
  if (what != "will" && what != "done") return heard;
  heard.what = what == "will" ? said::what::will : said::what::done;
  words >> heard.id;
  for (std::string change; words >> change;) {
    const auto at = change.find('=');
    heard.changes.push_back({change.substr(0, at), change.substr(at + 1)});
  }
  return heard;
}

int write_until_killed(const std::filesystem::path& file, std::uint64_t seed) {
  sqlite_database database(file);
  const auto ended = sync_wait([&](context& ctx) -> task<> {
    co_await or_return(database.open(ctx));
    say("open");
    std::vector<std::unique_ptr<client>> clients;
    std::vector<std::unique_ptr<testing::background<void>>> running;
    for (int number = 0; number < 4; ++number) {
      clients.push_back(std::make_unique<client>(database, number, seed));
      running.push_back(std::make_unique<testing::background<void>>(ctx.scheduler(), clients.back()->run(ctx)));
    }
    for (auto& each : running) {
      co_await *each;
      if (!each->outcome()) say("failed: " + each->text());
    }
    co_return co_await database.close(ctx);
  });
  if (!ended) say("failed: " + ended.error().to_string());
  return ended ? 0 : 1;
}

}  // namespace steward::test
