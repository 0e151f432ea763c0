// SPDX-License-Identifier: Apache-2.0
//
// The one row of the trap that belongs to Asio: a coroutine lambda with owning captures may be spawned, but not inside a co_await (decision 0005).
#include "probe.hpp"

#if __has_include(<boost/asio/co_spawn.hpp>)

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <cstddef>
#include <memory>

namespace toolchain {
namespace {

TEST(AsioSpawn, CapturingLambdaSpawnedDetached) {
  std::size_t seen = 0;
  boost::asio::io_context loop;
  const auto shared = std::make_shared<probe>(long_text);
  boost::asio::co_spawn(
      loop,
      [shared, &seen]() -> boost::asio::awaitable<void> {
        seen = shared->size();
        co_return;
      },
      boost::asio::detached);
  loop.run();
  EXPECT_EQ(seen, long_text.size());
  EXPECT_EQ(shared.use_count(), 1);
}

}  // namespace
}  // namespace toolchain

#endif
