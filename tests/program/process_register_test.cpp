// SPDX-License-Identifier: Apache-2.0
#include "steward/program/process_register.hpp"

#include "support.hpp"

#include <gmock/gmock.h>
#include <sys/resource.h>

#include <csignal>

namespace steward {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ProcessRegister : public ::testing::Test {
 protected:
  [[nodiscard]] static registered_process entry(std::string key, std::string note) {
    return {.key = std::move(key), .identity = {.boot_id = "0f5c", .pid = 4711, .start_time = 123456789012}, .note = std::move(note)};
  }

  void cut_off(std::uintmax_t bytes) const { std::filesystem::resize_file(file_, std::filesystem::file_size(file_) - bytes); }

  test::temporary_folder folder_;
  std::filesystem::path file_ = folder_.path() / "running";
  process_register register_{file_};
};

TEST_F(ProcessRegister, TellsTheNextOneTheLastOfEachKey) {
  ASSERT_TRUE(register_.add(entry("web", "{}")));
  ASSERT_TRUE(register_.add(entry("worker", "")));
  auto last = entry("web", "another");
  last.identity.pid = 1;
  ASSERT_TRUE(register_.add(last));
  EXPECT_THAT(process_register(file_).read().value(), ElementsAre(last, entry("worker", "")));
}

TEST_F(ProcessRegister, GoesOnBehindWhatWasLeftHalfWritten) {
  ASSERT_TRUE(register_.add(entry("web", "")));
  ASSERT_TRUE(register_.add(entry("worker", "a note")));
  cut_off(1);
  process_register next(file_);
  EXPECT_THAT(next.read().value(), ElementsAre(entry("web", "")));
  ASSERT_TRUE(next.add(entry("other", "")));
  EXPECT_THAT(next.read().value(), ElementsAre(entry("other", ""), entry("web", "")));
}

TEST_F(ProcessRegister, KeepsWhatItIsToldToAndGoesOn) {
  for (const char* key : {"web", "worker", "web"}) ASSERT_TRUE(register_.add(entry(key, "a note")));
  const auto before = std::filesystem::file_size(file_);
  ASSERT_TRUE(register_.keep_only({"web", "unknown"}));
  EXPECT_LT(std::filesystem::file_size(file_), before / 2);
  ASSERT_TRUE(register_.add(entry("other", "")));
  EXPECT_THAT(process_register(file_).read().value(), ElementsAre(entry("other", ""), entry("web", "a note")));
}

TEST_F(ProcessRegister, OfNothingLeavesNoFile) {
  ASSERT_TRUE(register_.keep_only({}));
  ASSERT_TRUE(register_.add(entry("web", "")));
  ASSERT_TRUE(register_.keep_only({}));
  EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
  EXPECT_THAT(register_.read().value(), IsEmpty());
  ASSERT_TRUE(register_.add(entry("web", "")));
  EXPECT_THAT(register_.read().value(), ElementsAre(entry("web", "")));
}

TEST_F(ProcessRegister, IsLongWhenMostOfItIsOfThePast) {
  const std::string note(100'000, 'x');
  EXPECT_FALSE(register_.is_long());
  for (int i = 0; i < 11; ++i) ASSERT_TRUE(register_.add(entry("web", note)));
  EXPECT_TRUE(register_.is_long());
  ASSERT_TRUE(register_.keep_only({"web"}));
  EXPECT_FALSE(register_.is_long());
}

TEST_F(ProcessRegister, ThatCannotBeWrittenSaysWhereAndIsAsItWas) {
  const auto nowhere = process_register(folder_.path() / "none/running").add(entry("web", ""));
  ASSERT_FALSE(nowhere);
  EXPECT_THAT(nowhere.error().to_string(), HasSubstr("none/running"));

  ASSERT_TRUE(register_.add(entry("web", "")));
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small{.rlim_cur = std::filesystem::file_size(file_) + 10, .rlim_max = before.rlim_max};
  auto* const handler = ::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &small);
  const auto no_room = register_.add(entry("worker", ""));
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, handler);
  EXPECT_FALSE(no_room);
  ASSERT_TRUE(register_.add(entry("other", "")));
  EXPECT_THAT(register_.read().value(), ElementsAre(entry("other", ""), entry("web", "")));
}

TEST_F(ProcessRegister, ThatCannotBeReadIsNotTakenForAnEmptyOne) {
  if (test::is_sanitized()) GTEST_SKIP() << "sanitizers need descriptors of their own";
  ASSERT_TRUE(register_.add(entry("web", "")));
  process_register next(file_);
  {
    const test::open_files_limit none(test::limit_that_leaves(0));
    EXPECT_FALSE(next.read());
    for (const auto& failed : {next.keep_only({}), next.keep_only({"web"}), next.add(entry("other", ""))}) {
      ASSERT_FALSE(failed);
      EXPECT_TRUE(failed.error().is(std::make_error_code(std::errc::too_many_files_open)));
      EXPECT_THAT(failed.error().to_string(), HasSubstr(file_.string()));
    }
    EXPECT_TRUE(register_.add(entry("worker", ""))) << "needs none any more";
  }
  EXPECT_THAT(next.read().value(), ElementsAre(entry("web", ""), entry("worker", "")));
}

TEST_F(ProcessRegister, GoesOnWithTheOneDescriptorThatIsLeft) {
  if (test::is_sanitized()) GTEST_SKIP() << "sanitizers need descriptors of their own";
  ASSERT_TRUE(register_.add(entry("web", "")));
  process_register next(file_);
  {
    const test::open_files_limit few(test::limit_that_leaves(1));
    EXPECT_TRUE(next.add(entry("worker", "")));
    EXPECT_FALSE(next.keep_only({"web"})) << "the next one needs another";
    EXPECT_THAT(next.read().value(), ElementsAre(entry("web", ""), entry("worker", "")));
    EXPECT_TRUE(next.add(entry("other", "")));
  }
  EXPECT_THAT(next.read().value(), ElementsAre(entry("other", ""), entry("web", ""), entry("worker", "")));
}

}  // namespace
}  // namespace steward
