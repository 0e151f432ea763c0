// SPDX-License-Identifier: Apache-2.0
#include "steward/asio/signals.hpp"

#include "steward/asio/use_task.hpp"
#include "steward/leaf.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/thread_pool.hpp>

#include <vector>

namespace steward {

class signals::set {
 public:
  template <class Numbers>
  set(const boost::asio::any_io_executor& on, const Numbers& numbers) : set_(on) {
    for (const int number : numbers) set_.add(number);
  }

  [[nodiscard]] boost::asio::signal_set& operator*() noexcept { return set_; }

 private:
  boost::asio::signal_set set_;
};

signals::signals(boost::asio::io_context& on, std::initializer_list<int> numbers) : set_(std::make_unique<set>(on.get_executor(), numbers)) {}
signals::signals(boost::asio::thread_pool& on, std::initializer_list<int> numbers) : set_(std::make_unique<set>(on.get_executor(), numbers)) {}
signals::~signals() = default;

task<int> signals::wait(context& ctx) { co_return co_await (**set_).async_wait(use_task(ctx)); }

namespace {

task<> first_signal(context& ctx, boost::asio::io_context& on, const std::vector<int>& numbers) {
  boost::asio::signal_set received(on);
  for (const int number : numbers) received.add(number);
  co_await or_return(co_await received.async_wait(use_task(ctx)));
  co_return {};
}

}  // namespace

runnable until_signal(boost::asio::io_context& on, std::initializer_list<int> numbers) {
  return leaf([&on, given = std::vector<int>(numbers)](context& ctx) { return first_signal(ctx, on, given); });
}

}  // namespace steward
