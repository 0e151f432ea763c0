// SPDX-License-Identifier: Apache-2.0
#include "steward/program/detail/keeper_protocol.hpp"

#include "steward/program/detail/frame_channel.hpp"
#include "support.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace steward::detail {
namespace {

std::string hex(std::string_view bytes) {
  std::string text;
  std::array<char, 3> digits{};
  for (const char byte : bytes) {
    std::snprintf(digits.data(), digits.size(), "%02x", static_cast<unsigned>(static_cast<unsigned char>(byte)));
    text += digits.data();
  }
  return text;
}

std::string_view content(const std::string& frame) { return std::string_view(frame).substr(keeper_frame_prefix); }

const launch a_launch{"/bin/sh", {"sh", "-c", "true"}, {"A=b", "C="}, "/tmp"};
const held_state ended{.phase = held_phase::exited, .status = program_exit{.code = 0, .signal = 9}, .ended_at = 1'700'000'000'123};
const held_child a_child{
    .child = 7, .key = "web", .note = "n", .pid = 42, .start_time = 99, .started_at = 5, .output_capacity = 65536, .state = ended};

std::vector<request> every_request() {
  return {hello(),
          spawn_request{"web", "note", 65536, a_launch},
          signal_request{7, 15, true},
          forget_request{7},
          list_request(),
          shutdown_request(),
          unknown_request()};
}

std::vector<reply> every_reply() {
  return {welcome{1, 42, "boot"}, refused{"why", 12}, held{a_child}, done(), failed{13, "exec /x: Permission denied"},
          changed{7, ended},      unknown_reply()};
}

/// Pinned: keepers of every version that was ever released may be running.
TEST(KeeperProtocol, TheBytesOfVersion1DoNotChange) {
  EXPECT_EQ(keeper_protocol_version, 1U);
  EXPECT_EQ(hex(encode(1, request(hello()))),
            "0d000000"
            "01"
            "0100000000000000"
            "01000000");
  EXPECT_EQ(hex(encode(2, request(spawn_request{"k", "n", 16, {"/p", {"a"}, {"E=v"}, "/d"}}))),
            "3b000000"
            "02"
            "0200000000000000"
            "010000006b"
            "010000006e"
            "1000000000000000"
            "020000002f70"
            "01000000"
            "0100000061"
            "01000000"
            "03000000453d76"
            "020000002f64");
  EXPECT_EQ(hex(encode(3, request(signal_request{7, 15, true}))),
            "16000000"
            "03"
            "0300000000000000"
            "0700000000000000"
            "0f000000"
            "01");
  EXPECT_EQ(hex(encode(4, request(forget_request{7}))),
            "11000000"
            "04"
            "0400000000000000"
            "0700000000000000");
  EXPECT_EQ(hex(encode(5, request(list_request()))),
            "09000000"
            "05"
            "0500000000000000");
  EXPECT_EQ(hex(encode(6, request(shutdown_request()))),
            "09000000"
            "06"
            "0600000000000000");
  EXPECT_EQ(hex(encode(1, reply(welcome{1, 42, "b"}))),
            "16000000"
            "01"
            "0100000000000000"
            "01000000"
            "2a000000"
            "0100000062");
  EXPECT_EQ(hex(encode(1, reply(refused{"w", 12}))),
            "12000000"
            "02"
            "0100000000000000"
            "0100000077"
            "0c000000");
  EXPECT_EQ(hex(encode(2, reply(held{a_child}))),
            "47000000"
            "03"
            "0200000000000000"
            "0700000000000000"
            "03000000776562"
            "010000006e"
            "2a000000"
            "6300000000000000"
            "0500000000000000"
            "0000010000000000"
            "01"
            "02"
            "09000000"
            "7b68e5cf8b010000");
  EXPECT_EQ(hex(encode(3, reply(done()))),
            "09000000"
            "04"
            "0300000000000000");
  EXPECT_EQ(hex(encode(3, reply(failed{2, "t"}))),
            "12000000"
            "05"
            "0300000000000000"
            "02000000"
            "0100000074");
  EXPECT_EQ(hex(encode(0, reply(changed{7, ended}))),
            "1f000000"
            "06"
            "0000000000000000"
            "0700000000000000"
            "01"
            "02"
            "09000000"
            "7b68e5cf8b010000");
}

TEST(KeeperProtocol, WhatIsSaidIsUnderstood) {
  for (const auto& body : every_request()) EXPECT_EQ(decode_request(content(encode(9, body))), (numbered<request>{9, body})) << body.index();
  for (const auto& body : every_reply()) EXPECT_EQ(decode_reply(content(encode(9, body))), (numbered<reply>{9, body})) << body.index();
}

TEST(KeeperProtocol, AFrameThatIsCutIsRefusedAndALongerOneIsNot) {
  for (const auto& body : every_request()) {
    const auto frame = encode(9, body);
    for (std::size_t length = 0; length < content(frame).size(); ++length)
      EXPECT_FALSE(decode_request(content(frame).substr(0, length))) << body.index();
    EXPECT_EQ(decode_request(content(frame + "of a later version")), (numbered<request>{9, body}));
  }
  for (const auto& body : every_reply()) {
    const auto frame = encode(9, body);
    for (std::size_t length = 0; length < content(frame).size(); ++length)
      EXPECT_FALSE(decode_reply(content(frame).substr(0, length))) << body.index();
    EXPECT_EQ(decode_reply(content(frame + "of a later version")), (numbered<reply>{9, body}));
  }
}

TEST(KeeperProtocol, ATypeOfALaterVersionIsUnknownAndNotAnError) {
  const std::string frame("\x63\x05\0\0\0\0\0\0\0 whatever", 18);
  EXPECT_EQ(decode_request(frame), (numbered<request>{5, unknown_request()}));
  EXPECT_EQ(decode_reply(frame), (numbered<reply>{5, unknown_reply()}));
}

TEST(KeeperProtocol, APhaseThatDoesNotExistIsRefused) {
  auto frame = encode(0, reply(changed{7, ended}));
  frame[keeper_frame_prefix + 17] = 3;
  EXPECT_FALSE(decode_reply(content(frame)));
}

/// Two ends of one connection.
struct connected {
  connected() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    left = std::make_unique<frame_channel>(unique_fd(ends[0]), frame_channel::descriptors::keep);
    right = std::make_unique<frame_channel>(unique_fd(ends[1]), frame_channel::descriptors::keep);
  }
  std::unique_ptr<frame_channel> left;
  std::unique_ptr<frame_channel> right;
};

ino_t inode_of(int fd) {
  struct stat about{};
  EXPECT_EQ(::fstat(fd, &about), 0);
  return about.st_ino;
}

TEST(FrameChannel, FramesComeOutAsTheyWentInHoweverTheyWereCut) {
  const connected both;
  std::string bytes;
  for (const auto& body : every_request()) bytes += encode(1, body);
  std::size_t found = 0;
  for (const char byte : bytes) {
    ASSERT_EQ(::send(both.left->fd(), &byte, 1, 0), 1);
    ASSERT_EQ(both.right->receive(), true);
    while (both.right->has_frame()) {
      const auto frame = both.right->next();
      ASSERT_TRUE(frame && *frame);
      EXPECT_EQ(decode_request(**frame), (numbered<request>{1, every_request().at(found++)}));
    }
  }
  EXPECT_EQ(found, every_request().size());
  EXPECT_EQ(both.right->receive(), false);
  EXPECT_FALSE(both.right->next().value());
}

TEST(FrameChannel, AFrameThatIsTooLongIsAnErrorAtOnce) {
  const connected both;
  ASSERT_EQ(::send(both.left->fd(), "\x01\0\x40\0", 4, 0), 4);
  ASSERT_EQ(both.right->receive(), true);
  EXPECT_TRUE(both.right->has_frame());
  const auto frame = both.right->next();
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().to_string(), "a frame of 4194305 bytes; at most 4194304 are allowed");
}

TEST(FrameChannel, DescriptorsComeInTheOrderOfTheirFramesAlsoWhenTheyHadToWait) {
  const connected both;
  constexpr int count = 500;  // more than fit into a socket
  std::vector<std::pair<ino_t, ino_t>> sent;
  for (int i = 0; i < count; ++i) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    int others[2];
    ASSERT_EQ(::pipe2(others, O_CLOEXEC), 0);
    ::close(ends[1]);
    ::close(others[1]);
    sent.emplace_back(inode_of(ends[0]), inode_of(others[0]));
    ASSERT_TRUE(
        both.left->send(encode(1, reply(held{a_child})), std::make_shared<child_handles>(child_handles{unique_fd(ends[0]), unique_fd(others[0])})));
    ASSERT_TRUE(both.left->send(encode(1, reply(done()))));
  }
  EXPECT_GT(both.left->waiting_out(), 0U);
  int seen = 0;
  while (seen < count) {
    ASSERT_TRUE(both.left->flush());
    ASSERT_EQ(both.right->receive(), true);
    while (both.right->has_frame()) {
      const auto frame = both.right->next();
      const auto decoded = decode_reply(**frame);
      ASSERT_TRUE(decoded);
      if (!std::holds_alternative<held>(decoded->body)) continue;
      const auto first = both.right->take_descriptor();
      const auto second = both.right->take_descriptor();
      ASSERT_TRUE(first && second);
      EXPECT_EQ(std::pair(inode_of(first.get()), inode_of(second.get())), sent.at(static_cast<std::size_t>(seen)));
      EXPECT_NE(::fcntl(first.get(), F_GETFD) & FD_CLOEXEC, 0);
      ++seen;
    }
  }
  EXPECT_EQ(both.left->waiting_out(), 0U);
  EXPECT_FALSE(both.right->take_descriptor());
}

TEST(FrameChannel, DescriptorsForWhichThereIsNoRoomLeaveTheirPlacesEmpty) {
  for (std::size_t room = 0; room < 2; ++room) {
    const connected both;
    ino_t last = 0;
    for (int i = 0; i < 2; ++i) {
      int ends[2];
      ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
      last = inode_of(ends[0]);
      const auto handles = std::make_shared<child_handles>(child_handles{unique_fd(ends[0]), unique_fd(ends[1])});
      ASSERT_TRUE(both.left->send(encode(1, reply(held{a_child})), handles));
    }
    {
      const test::open_files_limit few(test::limit_that_leaves(room));
      ASSERT_EQ(both.right->receive(), true) << "the connection is as good as before";
    }
    ASSERT_EQ(both.right->receive(), true);
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(both.right->next().value());
    EXPECT_EQ(static_cast<bool>(both.right->take_descriptor()), room == 1);
    EXPECT_FALSE(both.right->take_descriptor());
    const auto of_the_next = both.right->take_descriptor();
    ASSERT_TRUE(of_the_next && both.right->take_descriptor());
    EXPECT_EQ(inode_of(of_the_next.get()), last);
  }
}

TEST(FrameChannel, AClosedEndIsAnErrorForBothDirectionsAndNoSignal) {
  connected both;
  both.left.reset();
  const auto received = both.right->receive();
  ASSERT_FALSE(received);
  EXPECT_TRUE(received.error().is(std::make_error_code(std::errc::connection_reset)));
  EXPECT_FALSE(both.right->send(encode(1, request(hello()))));
}

}  // namespace
}  // namespace steward::detail
