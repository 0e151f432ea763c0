// SPDX-License-Identifier: Apache-2.0
#include "steward/asio/scheduler.hpp"

#include "core.hpp"

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/defer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/thread_pool.hpp>

namespace steward {
namespace detail {
namespace {

/// What Asio holds while a lane is on its way.
class lane_handler {
 public:
  using allocator_type = room_allocator<std::byte>;

  explicit lane_handler(lane& mine) noexcept : core_(*mine.core), mine_(&mine) {}

  [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type(mine_->room); }
  void operator()() noexcept { core_->run(*mine_); }

 private:
  core_reference core_;
  lane* mine_;
};

class alarm_handler {
 public:
  using allocator_type = room_allocator<std::byte>;

  alarm_handler(asio_core& core, handler_room& room) noexcept : core_(core), room_(&room) {}

  [[nodiscard]] allocator_type get_allocator() const noexcept { return allocator_type(*room_); }
  void operator()(const boost::system::error_code&) noexcept { core_->alarm_rang(); }

 private:
  core_reference core_;
  handler_room* room_;
};

template <class Executor>
class core_on final : public asio_core {
 public:
  core_on(asio_scheduler& owner, unsigned lanes, const Executor& executor) : asio_core(owner, lanes), executor_(executor), alarm_(executor) {}

 private:
  void start(lane& resting, launch how) noexcept override {
    if (how == launch::after_this_handler)
      boost::asio::defer(executor_, lane_handler(resting));
    else
      boost::asio::post(executor_, lane_handler(resting));
  }

  void set_alarm(instant at) noexcept override {
    alarm_.expires_at(at);
    alarm_.async_wait(alarm_handler(*this, alarm_room_));
  }

  void stop_alarm() noexcept override { alarm_.cancel(); }

  Executor executor_;
  boost::asio::basic_waitable_timer<std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, Executor> alarm_;
};

template <class Executor>
asio_core* make_core(asio_scheduler& owner, unsigned lanes, const Executor& executor) {
  return new core_on<Executor>(owner, lanes, executor);
}

unsigned threads_of(boost::asio::thread_pool& pool) {
  return static_cast<unsigned>(boost::asio::query(pool.get_executor(), boost::asio::execution::occupancy));
}

}  // namespace
}  // namespace detail

asio_scheduler::asio_scheduler(boost::asio::io_context& on, unsigned lanes) : core_(detail::make_core(*this, lanes, on.get_executor())) {}

asio_scheduler::asio_scheduler(boost::asio::thread_pool& on, unsigned lanes)
    : core_(detail::make_core(*this, lanes == 0 ? detail::threads_of(on) : lanes, on.get_executor())) {}

asio_scheduler::~asio_scheduler() { core_->close(); }

void asio_scheduler::post(work& item) noexcept { core_->post(item); }
void asio_scheduler::post_at(timer& item, instant at) noexcept { core_->post_at(item, at); }
bool asio_scheduler::cancel(timer& item) noexcept { return core_->cancel(item); }

}  // namespace steward
