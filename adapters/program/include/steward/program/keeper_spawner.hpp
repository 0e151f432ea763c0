// SPDX-License-Identifier: Apache-2.0
//
// Programs that the keeper holds, as the daemon sees them.
#pragma once

#include "steward/detail/beside.hpp"
#include "steward/doorbell.hpp"
#include "steward/program/detail/answer_room.hpp"
#include "steward/program/detail/frame_channel.hpp"
#include "steward/program/detail/keeper_protocol.hpp"
#include "steward/program/detail/orphan.hpp"
#include "steward/program/keeper.hpp"
#include "steward/program/process_register.hpp"
#include "steward/program/program.hpp"
#include "steward/program/spawner.hpp"
#include "steward/runnable.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace steward {

/// The daemon's end of its connection to the keeper: starts programs, signals them, and is told how they end.
///
/// It is a runnable: it is ready when it knows what a former daemon has left running; in the end it asks the keeper to leave if that holds nothing
/// any more. If the keeper dies it says so, goes on watching what lives, and gets a new keeper for what is started from then on. What it had executed
/// by then and not told of is ended before its start fails. What a former daemon started and no keeper holds any more is found in the register: it
/// cannot be gone on with, because its output is lost. Its user ends it, by `end`; in any case it is gone before the next one of its key is started.
///
/// Each program takes two descriptors. A start for which there are none fails before the keeper is asked; should they be taken meanwhile by somebody
/// else, the program is ended before its start fails. The run fails, and touches nothing, if they do not suffice for what a former daemon has left,
/// or if it cannot be told whether one of those lives.
///
/// Stop: it goes on working when its context is stopped, until its callback has returned: programs that are forced have to be seen to end.
/// In the end it waits for a `renew` that is under way.
/// Threads: all on the one of `io`.  Lifetime: outlives its run and the programs.
class keeper_spawner final : public spawner {
 public:
  /// `started` is where it is noted what runs, for the time when this process and the keeper are both gone; `renew` gets a connection to a new keeper
  /// when this one has died: it is called on a thread of its own, and may block; `warn` is told in one line.
  keeper_spawner(boost::asio::io_context& io, keeper_link link, process_register started, std::function<result<keeper_link>()> renew,
                 std::function<void(const std::string&)> warn);
  ~keeper_spawner();

  [[nodiscard]] task<> run(context& ctx, callback ready);

  /// Shape: one that a former daemon left under this key, and that `accept` does not like or no keeper holds, is ended first.
  [[nodiscard]] task<held> spawn(context& ctx, std::string key, std::string note, program_spec what,
                                 std::function<bool(std::string_view note)> accept) override;
  [[nodiscard]] task<> signal(held which, int signal, bool group) override;
  void forget(const held& which) override;

  /// What a former daemon left, by key, with the note; claimed by nobody yet. One that is being ended stays until it is gone. A key may be there
  /// twice: of one that is gone, and of the next.
  using left_programs = std::multimap<std::string, held, std::less<>>;
  [[nodiscard]] const left_programs& unclaimed() const noexcept { return unclaimed_; }

  /// Ends a program that nobody has claimed, gracefully and then by force, and forgets it. Several may, at the same time: it is asked once, has the
  /// time of who has least, and all wait.  Stop: by force as soon as `ctx.grace()` is stopped; it waits for the end all the same.
  [[nodiscard]] task<> end(context& ctx, held which);

  /// Tells by key and note how a program that was left is to be ended, and where its output goes until then; of these options `stop`, `log` and
  /// `on_log` are asked. Without it: as `program_options` has it.
  void end_those_left(std::function<program_options(const std::string& key, std::string_view note)> how) { end_of_ = std::move(how); }

  [[nodiscard]] boost::asio::io_context& io() const noexcept override { return io_; }

 private:
  /// One request that waits for its answer.
  struct question {
    doorbell answered;
    std::optional<detail::reply> answer;
    held program;                                  // also one that the keeper died with, which is to be ended
    const detail::spawn_request* start = nullptr;  // where a program is the whole answer, and not one of a list
    std::uint64_t asked_at = 0;                    // in ticks after boot
  };

  [[nodiscard]] task<> keep_reading(scheduler& on);
  [[nodiscard]] task<> keep_writing();
  [[nodiscard]] result<> take_frames();
  void dispatch(detail::numbered<detail::reply> told);
  [[nodiscard]] task<> take_in_those_held();
  [[nodiscard]] held take_in(detail::held_child what);
  void claim(const held& which);
  void watch_orphan(scheduler& on, const held& which);
  [[nodiscard]] task<> ask(detail::request body, question& into);
  [[nodiscard]] task<> ask_done(detail::request body);
  [[nodiscard]] result<> send(std::uint64_t id, const detail::request& body);
  void answer_all(const detail::reply& with);
  void connection_lost(scheduler& on, const error& why);
  [[nodiscard]] result<> take_in_those_not_held(scheduler& on);
  void take_in_those_not_told(scheduler& on);
  held take_in_orphan(scheduler& on, const registered_process& which, detail::unique_fd pidfd);
  [[nodiscard]] bool knows(const process_identity& which) const;
  void write_down(const held_program& which);
  void strike_out_those_gone();
  void tell_if_new(const result<>& written);
  [[nodiscard]] task<keeper_link> new_link(scheduler& on);
  [[nodiscard]] task<> find_new_keeper(scheduler& on);

  boost::asio::io_context& io_;
  process_register register_;
  std::function<result<keeper_link>()> renew_;
  std::function<void(const std::string&)> warn_;
  std::function<program_options(const std::string& key, std::string_view note)> end_of_;
  detail::frame_channel channel_;
  boost::asio::posix::stream_descriptor socket_;
  pid_t keeper_;
  std::uint64_t last_id_ = 1;
  bool connected_ = true;
  bool leaving_ = false;  // the keeper has been asked to end
  bool closing_ = false;
  bool register_works_ = true;
  doorbell to_write_;
  std::map<std::uint64_t, question*> asked_;
  detail::answer_room room_;                          // for the starts among them
  std::unordered_map<std::uint64_t, held> programs_;  // by the keeper's number
  std::vector<held> of_dead_keepers_;
  left_programs unclaimed_;
  std::list<detail::orphan> orphans_;
  context* between_attempts_ = nullptr;
};

}  // namespace steward
