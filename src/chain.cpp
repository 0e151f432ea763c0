// SPDX-License-Identifier: Apache-2.0
#include "steward/chain.hpp"

namespace steward {
namespace {

class chain_part {
 public:
  explicit chain_part(std::vector<runnable> stages) : stages_(std::move(stages)) {}

  task<> run(context& ctx, callback ready) {
    one_run run{.stages = stages_, .links = {}, .ready = ready};
    run.links.assign(stages_.size(), link(run));
    co_return co_await stages_.front().run(ctx, run.links.front().as_callback());
  }

 private:
  struct one_run;

  /// The callback of one stage in one run: runs the stage after it.
  class link {
   public:
    explicit link(one_run& run) noexcept : run_(&run) {}

    [[nodiscard]] callback as_callback() noexcept {
      return {this, [](void* self, context& ctx) { return static_cast<link*>(self)->go_on(ctx); }};
    }

   private:
    task<> go_on(context& ctx);

    one_run* run_;
    bool called_ = false;
  };

  struct one_run {
    const std::vector<runnable>& stages;
    std::vector<link> links;
    callback ready;
  };

  std::vector<runnable> stages_;
};

// A coroutine, although it only passes on: plain calls would nest as deep as the chain is long (CH6).
task<> chain_part::link::go_on(context& ctx) {
  if (std::exchange(called_, true)) co_return errc::callback_already_called;
  const auto next = static_cast<std::size_t>(this - run_->links.data()) + 1;
  if (next == run_->links.size()) co_return co_await run_->ready(ctx);
  co_return co_await run_->stages[next].run(ctx, run_->links[next].as_callback());
}

}  // namespace

runnable chain(std::vector<runnable> stages) {
  if (stages.empty()) return nop();
  if (stages.size() == 1) return std::move(stages.front());
  return chain_part(std::move(stages));
}

}  // namespace steward
