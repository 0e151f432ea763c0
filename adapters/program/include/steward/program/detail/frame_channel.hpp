// SPDX-License-Identifier: Apache-2.0
//
// Frames and the descriptors that belong to them, over a Unix stream socket that never blocks.
#pragma once

#include "steward/detail/unique_fd.hpp"
#include "steward/result.hpp"

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace steward::detail {

/// What is held of a child: the two descriptors that go with its frame.
struct child_handles {
  unique_fd pidfd;
  unique_fd output;
};

/// One end of a connection between a daemon and its keeper. It splits what comes into frames and keeps what cannot be sent yet.
/// Threads: one at a time. Blocks never.
class frame_channel {
 public:
  /// Whether descriptors that come are kept (the daemon's end) or closed at once (the keeper's, to which nobody sends any).
  enum class descriptors : bool { refuse, keep };

  frame_channel(unique_fd socket, descriptors mode) noexcept : socket_(std::move(socket)), mode_(mode) {}

  [[nodiscard]] int fd() const noexcept { return socket_.get(); }

  /// Gives the socket away, for another channel. Shape: nothing may be left in this one.
  [[nodiscard]] unique_fd release() && noexcept { return std::move(socket_); }

  /// Reads once what has come.
  /// Shape: true if something came, false if there is nothing now.
  /// Errors: `std::errc::connection_reset` when the other end is closed.
  [[nodiscard]] result<bool> receive();

  /// The next whole frame without its length; valid until the next `receive`.
  /// Shape: empty when there is none yet.  Errors: `std::errc::message_size` for one longer than is allowed; the connection is then of no more use.
  [[nodiscard]] result<std::optional<std::string_view>> next();

  /// Whether `next` has something to say.
  [[nodiscard]] bool has_frame() const noexcept;

  /// The next descriptor that came, in the order of the frames that they were sent with. Empty when there is none, and in the place of one for which
  /// this process had no room.
  [[nodiscard]] unique_fd take_descriptor() noexcept;

  /// Sends a whole frame, or keeps it for `flush`. The handles are kept alive as long as they wait.
  /// Errors: when the other end is closed.
  [[nodiscard]] result<> send(std::string frame, std::shared_ptr<const child_handles> handles = nullptr);

  /// Sends what waits, as far as it goes.  Errors: when the other end is closed.
  [[nodiscard]] result<> flush();

  /// Leaves a frame for the next `flush`: several go out in one piece.
  void queue(std::string frame, std::shared_ptr<const child_handles> handles = nullptr);

  /// Bytes that wait to be sent.
  [[nodiscard]] std::size_t waiting_out() const noexcept { return waiting_out_; }

  /// Bytes that came and are not yet taken.
  [[nodiscard]] std::size_t waiting_in() const noexcept { return incoming_.size() - taken_; }

 private:
  struct chunk {
    std::string bytes;
    std::size_t sent = 0;
    std::shared_ptr<const child_handles> handles;  // go with the first byte
  };

  [[nodiscard]] result<bool> send_some(chunk& what);

  unique_fd socket_;
  descriptors mode_;
  std::string incoming_;
  std::size_t taken_ = 0;
  std::deque<unique_fd> descriptors_;
  std::deque<chunk> outgoing_;
  std::size_t waiting_out_ = 0;
};

}  // namespace steward::detail
