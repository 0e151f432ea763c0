// SPDX-License-Identifier: Apache-2.0
//
// Who starts programs and holds them: what `program` needs of it.
#pragma once

#include "steward/detail/unique_fd.hpp"
#include "steward/doorbell.hpp"
#include "steward/instant.hpp"
#include "steward/program/detail/keeper_protocol.hpp"
#include "steward/program/spec.hpp"
#include "steward/task.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace boost::asio {
class io_context;
}

namespace steward {

class context;

/// A program that a spawner holds. Whoever claimed it is the only one who has it.
struct held_program {
  detail::held_child what;
  detail::unique_fd pidfd;
  detail::unique_fd output;
  doorbell changed;  ///< rung when `what.state` changes
  bool claimed = false;
  bool left = false;      ///< by a former daemon
  bool orphaned = false;  ///< its keeper has died: it is watched and signalled by the system's own means, and nobody will know how it ended
  bool killed = false;    ///< by whoever has ended it, when its time was over
  std::optional<instant> ending_since;  ///< by that

  /// Whether somebody else can go on with it: its output has not gone down with those who held it, and nobody ends it.
  [[nodiscard]] bool can_be_gone_on_with() const noexcept { return output && !ending_since; }

  [[nodiscard]] bool is_gone() const noexcept { return what.state.phase == detail::held_phase::gone; }
};

/// Starts programs, signals them, and tells how they end. `local_spawner` holds them in this process; `keeper_spawner` has them held by another one,
/// which outlives this.
///
/// Threads: all on the one of `io`.  Lifetime: outlives the programs.
class spawner {
 public:
  using held = std::shared_ptr<held_program>;

  spawner(const spawner&) = delete;
  spawner& operator=(const spawner&) = delete;

  /// Starts a program under a key.
  /// Shape: one that is held under this key and that nobody has claimed is taken over if `accept` likes its note. Errors: stage and reason, as
  /// `steward::spawn`.
  [[nodiscard]] virtual task<held> spawn(context& ctx, std::string key, std::string note, program_spec what,
                                         std::function<bool(std::string_view note)> accept) = 0;

  /// Signals the leader, or its whole group. A program that is gone already is no error.
  [[nodiscard]] virtual task<> signal(held which, int signal, bool group) = 0;

  /// Drops the record of a program that is gone.
  virtual void forget(const held& which) = 0;

  /// Where pidfds, output and probes are waited for.
  [[nodiscard]] virtual boost::asio::io_context& io() const noexcept = 0;

 protected:
  spawner() = default;
  ~spawner() = default;
};

}  // namespace steward
