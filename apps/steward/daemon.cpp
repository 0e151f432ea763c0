// SPDX-License-Identifier: Apache-2.0
//
// The daemon: a chain of runnables, and who ends it.
#include "daemon.hpp"

#include "console.hpp"
#include "fleet.hpp"
#include "listen.hpp"
#include "lost_table.hpp"
#include "server.hpp"
#include "steward/asio/scheduler.hpp"
#include "steward/chain.hpp"
#include "steward/exit_codes.hpp"
#include "steward/named.hpp"
#include "steward/program/keeper.hpp"
#include "steward/program/open_files.hpp"
#include "steward/service.hpp"
#include "steward/sqlite/database_lock.hpp"
#include "unit_toml.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

namespace steward {
namespace {

constexpr std::chrono::seconds beyond_the_units(5);  // what the daemon itself may take on top of its units
constexpr std::chrono::seconds forced_end(5);

constexpr std::array<std::string_view, 4> stages{"socket", "keeper", "database", "units"};

// Which parts of the daemon stand on which is nothing to the reader of an error: its lines from the first that says something.
std::string without_stages(const std::string& tree) {
  std::string_view rest = tree;
  std::size_t indent = 0;
  while (std::ranges::any_of(stages, [&](std::string_view stage) { return rest.substr(indent).starts_with(fmt::format("{}:\n", stage)); })) {
    rest.remove_prefix(rest.find('\n') + 1);
    indent += 2;
  }
  std::string text;
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size() - 1) + 1;
    const auto spaces = std::min(rest.find_first_not_of(' '), indent);
    text += rest.substr(spaces, end - spaces);
    rest.remove_prefix(end);
  }
  if (!text.ends_with('\n')) text += '\n';
  return text;
}

bool is_mistake(const error& why) { return why.is(std::make_error_code(std::errc::invalid_argument)); }

// Mistakes in a file begin with their place in it, so that editors find it.
void tell(const error& why) { std::fputs(fmt::format("{}{}", is_mistake(why) ? "" : "steward: ", without_stages(why.to_tree())).c_str(), stderr); }

[[noreturn]] void leave_with(const std::vector<straggler>& left) {
  for (const straggler& each : left) std::fputs(fmt::format("steward: {} does not end\n", each.path).c_str(), stderr);
  std::fflush(stderr);
  ::_exit(exit_codes::stragglers);
}

std::string keeper_path(const std::filesystem::path& database) { return database.string() + ".keeper"; }

// The file itself and not the link to it, so that a list of processes shows what runs.
std::string own_executable() {
  std::error_code unknown;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", unknown);
  return unknown ? "/proc/self/exe" : path.string();
}

std::chrono::nanoseconds graceful_time(const fleet& units) {
  const auto needed = units.time_to_stop();
  constexpr std::chrono::nanoseconds no_end = std::chrono::hours(24 * 365);  // far, and yet no instant that overflows
  return needed > no_end ? no_end : needed + beyond_the_units;
}

// As `nohup` asks for. Otherwise a terminal that is closed is a Ctrl-C: nobody is left who would see what happens.
bool hangup_is_ignored() {
  struct sigaction present{};
  return ::sigaction(SIGHUP, nullptr, &present) == 0 && present.sa_handler == SIG_IGN;
}

service_options limits() {
  service_options given;
  given.name = "steward";
  given.graceful = {};  // how long its units need is known when it is asked
  given.forced = forced_end;
  return given;
}

// `known`: the units of the table, once it is open.
result<unit_map> parse_file(const units_file& file, const known_units* known) {
  const executable_lookup lookup{.look = look_on_disk, .search_path = own_search_path()};
  return parse_units(file.text, {.file = file.name, .folder = file.folder, .known = known, .programs = &lookup});
}

// A burst leaves free memory between what stays, which nothing else hands back.
sqlite_options tidy_when_quiet() {
  sqlite_options given;
  given.on_quiet = [] { (void)::malloc_trim(0); };
  return given;
}

/// The units that it begins with, as far as they can be understood without the table.
struct first_units {
  units_file file;
  unit_map units;
};

/// Everything that the daemon is made of, in the order in which it stands on one another.
class daemon {
 public:
  daemon(const run_options& options, const std::filesystem::path& database, keeper_link keeper, std::optional<first_units> first)
      : scheduler_(io_),
        database_(database),
        store_(database, tidy_when_quiet()),
        spawner_(
            // The executable as it is called now: after an upgrade the name stands for the new one, and /proc for one that is deleted.
            io_, std::move(keeper), process_register(database.string() + ".running"),
            [path = keeper_path(database), self = own_executable()] { return connect_or_start_keeper(path, self); },
            [this](const std::string& line) { console_.say(line); }),
        units_(store_, spawner_, database.string() + ".logs", [this](const std::string& line) { console_.say(line); }),
        server_(io_, options.socket, units_, [this](const std::string& line) { console_.say(line); }),
        console_(units_, STDOUT_FILENO, STDERR_FILENO),
        first_(std::move(first)) {}

  [[nodiscard]] result<> run() {
    const auto present = [this](context& ctx, callback ready) { return look_for_table(ctx, ready); };
    const auto first = [this](context& ctx, callback ready) { return apply_first(ctx, ready); };
    const auto open = [this](context& ctx, callback ready) -> task<> {
      server_.open();
      auto outcome = co_await ready(ctx);
      console_.ending();
      co_return outcome;
    };
    // The socket comes first and the units last: what cannot begin has touched nothing that runs, and who is still stopping can be asked.
    const auto whole = chain(named("socket", std::ref(server_)), named("keeper", std::ref(spawner_)), present, named("database", std::ref(store_)),
                             first, std::ref(console_), named("units", std::ref(units_)), open);
    service app(scheduler_, whole, limits(), [this](const service_end& end) {
      if (end.code == exit_codes::stragglers) leave_with(end.left);
      io_.stop();
    });
    boost::asio::signal_set signals(io_, SIGINT, SIGTERM);  // before anything begins that a signal should end in order
    if (!hangup_is_ignored()) signals.add(SIGHUP);
    pass_on(signals, app);
    const auto work = boost::asio::make_work_guard(io_);
    app.launch();
    io_.run();
    return app.wait().outcome;
  }

 private:
  // The first signal asks everything to wind down, within the time that the units have for it; a second one forces it.
  void pass_on(boost::asio::signal_set& signals, service& app) {
    signals.async_wait([this, &signals, &app](const boost::system::error_code& no_more, int) {
      if (no_more) return;
      app.request_stop(graceful_time(units_));
      pass_on(signals, app);
    });
  }

  // Before the database is opened: a new one has no row that wants what a former daemon left running.
  task<> look_for_table(context& ctx, callback ready) {
    if (auto lost = lost_table(database_, spawner_.unclaimed())) co_return std::move(*lost);
    co_return co_await ready(ctx);
  }

  // Before anything runs: units that cannot be applied end the daemon without having touched what a former one left running.
  task<> apply_first(context& ctx, callback ready) {
    if (first_) {
      auto applied = co_await store_.apply(ctx, std::move(first_->units));
      if (!applied) co_return co_await refusal_of(ctx, std::move(applied.error()));
      first_.reset();  // its text may be long
    }
    co_return co_await ready(ctx);
  }

  // A mistake that shows beside the units of the table is told with its place in the file.
  task<> refusal_of(context& ctx, error why) {
    if (!is_mistake(why)) co_return why;
    const auto known = co_await or_return(store_.known(ctx));
    auto read_again = parse_file(first_->file, &known);
    co_return read_again ? std::move(why) : std::move(read_again.error());
  }

  boost::asio::io_context io_{1};
  asio_scheduler scheduler_;
  std::filesystem::path database_;
  unit_store store_;
  keeper_spawner spawner_;
  fleet units_;
  api_server server_;
  console console_;
  std::optional<first_units> first_;
};

// Mistakes that show without the table are told before anything is opened.
result<std::optional<first_units>> read_first(const run_options& options) {
  if (!options.units_file) return std::nullopt;
  auto file = read_units_file(*options.units_file);
  if (!file) return fail(std::move(file.error()));
  auto alone = parse_file(*file, nullptr);
  if (!alone) return fail(std::move(alone.error()));
  return first_units{std::move(*file), std::move(*alone)};
}

}  // namespace

int run_daemon(const run_options& options) {
  for (const int ignored : {SIGPIPE, SIGUSR1, SIGUSR2}) ::signal(ignored, SIG_IGN);
  raise_open_files();  // two a program
  auto first = read_first(options);
  if (!first) {
    tell(first.error());
    return exit_codes::wrong_use;
  }
  std::error_code no_folder;
  const auto database = std::filesystem::absolute(options.database, no_folder);
  const auto lock = database_lock::acquire(database);
  if (!lock) {
    tell(lock.error());
    return exit_codes::failed;
  }
  // No keeper is started for a daemon that cannot listen. Given back at once: the server takes it when its turn comes.
  if (const auto free = socket_claim::acquire(options.socket); !free) {
    tell(free.error());
    return exit_codes::failed;
  }
  auto keeper = connect_or_start_keeper(keeper_path(database), own_executable());
  if (!keeper) {
    tell(keeper.error());
    return exit_codes::failed;
  }
  daemon all(options, database, std::move(*keeper), std::move(*first));
  const auto outcome = all.run();
  if (outcome) return exit_codes::success;
  tell(outcome.error());
  return is_mistake(outcome.error()) ? exit_codes::wrong_use : exit_codes::failed;
}

}  // namespace steward
