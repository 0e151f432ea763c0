// SPDX-License-Identifier: Apache-2.0
#include "steward/program/detail/frame_channel.hpp"

#include "steward/program/detail/keeper_protocol.hpp"
#include "steward/program/detail/system_error.hpp"
#include "steward/program/detail/wire.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace steward::detail {
namespace {

constexpr std::size_t read_size = std::size_t{16} << 10U;  // kept at both ends
constexpr std::size_t descriptors_at_once = 253;           // the kernel's SCM_MAX_FD
constexpr std::size_t descriptors_of_a_frame = 2;          // as `child_handles`; a read ends with the first part that has some

/// Moves the descriptors of a message into `into`, or closes them.
void take_descriptors(msghdr& message, frame_channel::descriptors mode, std::deque<unique_fd>& into) {
  for (auto* part = CMSG_FIRSTHDR(&message); part != nullptr; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const auto count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + i * sizeof(int), sizeof fd);
      unique_fd owned(fd);
      if (mode == frame_channel::descriptors::keep) into.push_back(std::move(owned));
    }
  }
}

}  // namespace

result<bool> frame_channel::receive() {
  incoming_.erase(0, taken_);
  taken_ = 0;
  if (incoming_.empty() && incoming_.capacity() > 2 * read_size) incoming_.shrink_to_fit();  // after one long frame
  const auto before = incoming_.size();
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * descriptors_at_once)> control;
  iovec where{};
  msghdr message{};
  message.msg_iov = &where;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  ssize_t got = 0;
  int failure = 0;
  // Nothing is written over with zeros first: that would be 16 KiB for a message of 35 bytes.
  incoming_.resize_and_overwrite(before + read_size, [&](char* bytes, std::size_t) noexcept {
    where = {.iov_base = bytes + before, .iov_len = read_size};
    got = ::recvmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    failure = errno;
    return before + static_cast<std::size_t>(got > 0 ? got : 0);
  });
  if (got == 0) return system_failure(ECONNRESET, "the other end of the connection");
  if (got < 0) {
    if (failure == EAGAIN || failure == EINTR) return false;
    return system_failure(failure, "the other end of the connection");
  }
  const auto held_before = descriptors_.size();
  take_descriptors(message, mode_, descriptors_);
  // Those that had no room leave their places empty, so that the next are still the next frame's.
  if (mode_ == descriptors::keep && (message.msg_flags & MSG_CTRUNC) != 0) descriptors_.resize(held_before + descriptors_of_a_frame);
  return true;
}

result<std::optional<std::string_view>> frame_channel::next() {
  const auto rest = std::string_view(incoming_).substr(taken_);
  if (rest.size() < keeper_frame_prefix) return std::nullopt;
  const std::size_t length = wire_reader(rest).u32();
  if (length > keeper_max_frame) {
    return fail(error(std::make_error_code(std::errc::message_size),
                      "a frame of " + std::to_string(length) + " bytes; at most " + std::to_string(keeper_max_frame) + " are allowed"));
  }
  if (rest.size() - keeper_frame_prefix < length) return std::nullopt;
  taken_ += keeper_frame_prefix + length;
  return rest.substr(keeper_frame_prefix, length);
}

bool frame_channel::has_frame() const noexcept {
  const auto rest = std::string_view(incoming_).substr(taken_);
  if (rest.size() < keeper_frame_prefix) return false;
  const std::size_t length = wire_reader(rest).u32();
  return length > keeper_max_frame || rest.size() - keeper_frame_prefix >= length;
}

unique_fd frame_channel::take_descriptor() noexcept {
  if (descriptors_.empty()) return {};
  auto first = std::move(descriptors_.front());
  descriptors_.pop_front();
  return first;
}

result<> frame_channel::send(std::string frame, std::shared_ptr<const child_handles> handles) {
  const bool idle = outgoing_.empty();
  queue(std::move(frame), std::move(handles));
  return idle ? flush() : result<>();
}

void frame_channel::queue(std::string frame, std::shared_ptr<const child_handles> handles) {
  waiting_out_ += frame.size();
  if (!handles && !outgoing_.empty() && !outgoing_.back().handles)
    outgoing_.back().bytes += frame;
  else
    outgoing_.push_back({.bytes = std::move(frame), .sent = 0, .handles = std::move(handles)});
}

result<> frame_channel::flush() {
  while (!outgoing_.empty()) {
    const auto whole = send_some(outgoing_.front());
    if (!whole) return fail(whole.error());
    if (!*whole) return {};
    outgoing_.pop_front();
  }
  return {};
}

result<bool> frame_channel::send_some(chunk& what) {
  while (what.sent < what.bytes.size()) {
    iovec from{.iov_base = what.bytes.data() + what.sent, .iov_len = what.bytes.size() - what.sent};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(2 * sizeof(int))> control{};
    msghdr message{};
    message.msg_iov = &from;
    message.msg_iovlen = 1;
    if (what.handles) {
      message.msg_control = control.data();
      message.msg_controllen = control.size();
      auto* part = CMSG_FIRSTHDR(&message);
      part->cmsg_level = SOL_SOCKET;
      part->cmsg_type = SCM_RIGHTS;
      part->cmsg_len = CMSG_LEN(2 * sizeof(int));
      const std::array<int, 2> both{what.handles->pidfd.get(), what.handles->output.get()};
      std::memcpy(CMSG_DATA(part), both.data(), sizeof both);
    }
    const ssize_t sent = ::sendmsg(socket_.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
      // ETOOMANYREFS: too many descriptors are on their way; the other end will take some.
      if (errno == EAGAIN || errno == EINTR || errno == ETOOMANYREFS || errno == ENOBUFS) return false;
      return system_failure(errno, "the other end of the connection");
    }
    what.handles.reset();
    what.sent += static_cast<std::size_t>(sent);
    waiting_out_ -= static_cast<std::size_t>(sent);
  }
  return true;
}

}  // namespace steward::detail
