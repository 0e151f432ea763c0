// SPDX-License-Identifier: Apache-2.0
//
// An operating system program as a runnable.
#pragma once

#include "steward/program/farewell.hpp"
#include "steward/program/readiness.hpp"
#include "steward/program/rotating_log.hpp"
#include "steward/program/spec.hpp"
#include "steward/runnable.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

namespace steward {

class spawner;
struct held_program;

/// How a program is run. Its functions are given its key, so that one that serves all programs holds nothing of its own for each.
struct program_options {
  std::string key;                                       ///< under which a keeper holds it: one at a time
  std::string note;                                      ///< what the next daemon wants to know of it
  std::function<bool(std::string_view note)> accept;     ///< whether one that a former daemon left, with its note, is this very program; empty: never
  readiness ready;                                       ///< by default: as soon as it could be executed
  bool left_is_ready = false;                            ///< one that a former daemon left was ready, and is not probed again
  std::function<farewell(const std::string& key)> stop;  ///< how it is asked to end; called when that is needed. Empty: as `farewell` says
  log_options log;                                       ///< its stdout and stderr
  std::function<void(const std::string& key, int pid)> on_started;  ///< is told its number

  /// Is told what its readiness was probed by, and how that answered, whenever it was not ready: see `wait_until_ready`.
  std::function<void(const std::string& key, const std::string& why)> on_not_ready;

  /// Is told why output cannot be written to the log, or, without a reason, that it can: at the first output, and whenever that changes. The program
  /// goes on in either case.
  std::function<void(const std::string& key, std::error_code why)> on_log;

  /// Takes over the record of an end that the spawner keeps, to drop it by `spawner::forget` when the end is remembered elsewhere. Empty: it is
  /// dropped at once.
  std::function<void(const std::string& key, std::shared_ptr<held_program> gone)> on_gone;
};

/// Runs an executable as long as its callback runs, as a process group of its own.
///
/// Shape: ready when `options.ready` says so. The callback's context stops when the program ends by itself: it is lost then.
/// Stop: graceful: the stop signal to the leader, and when the deadline of `options.stop` has passed SIGKILL to the group; forced: SIGKILL at once.
/// One that is asked to stop while it starts has its context stopped by law, and is given its time all the same, until what is above it is forced
/// (`context::grace`); one that had to be killed then is `stopped: deadline`. It has ended when nobody of its group is left.
/// Shape: a stop deadline of its manager is not shorter than that of `options.stop`: what is stopped while it starts can be forced from above alone.
/// Errors: a failed start names its stage (`exec /usr/bin/foo: Permission denied`). A program that ends by itself with another code than 0, or by a
/// signal, is an error from which `exit_of` gets the numbers. One that was asked to end may do so in any way; had it to be killed, that is `killed by
/// signal 9 (SIGKILL); stopped: deadline`. Was it late to be ready, the answer to the last probe stands before the stop: `tcp db:5432: connection
/// refused: stopped: deadline`.
/// Threads: the one of the spawner.  Lifetime: the spawner, a `local_spawner` or a `keeper_spawner`, outlives it.
[[nodiscard]] runnable program(program_spec what, program_options options, spawner& by);

}  // namespace steward
