#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What tools/check_laws.py refuses, and what it lets pass."""
import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import check_laws as laws  # noqa: E402


def problems(check, name, text):
    laws.problems.clear()
    laws.warnings.clear()
    check(name, text)
    return list(laws.problems)


class Includes(unittest.TestCase):
    def refused(self, name, line):
        self.assertEqual(len(problems(laws.check_includes, name, line + "\n")), 1, f"{name} may include {line}")

    def allowed(self, name, line):
        self.assertEqual(problems(laws.check_includes, name, line + "\n"), [])

    def test_core_knows_the_standard_library_and_itself(self):
        self.allowed("include/steward/chain.hpp", "#include <vector>")
        self.allowed("include/steward/chain.hpp", '#include "steward/task.hpp"')
        self.allowed("include/steward/chain.hpp", '#include "steward/detail/hook.hpp"')
        self.refused("include/steward/chain.hpp", "#include <unistd.h>")
        self.refused("include/steward/chain.hpp", "#include <boost/asio/post.hpp>")
        self.refused("src/chain.cpp", '#include "steward/asio/scheduler.hpp"')
        self.refused("src/chain.cpp", '  #  include "steward/testing/virtual_time.hpp"')
        self.refused("src/chain.cpp", '#include "no_such_private_header.hpp"')

    def test_adapters_know_core_and_asio_only(self):
        self.allowed("adapters/sqlite/src/table.cpp", "#include <SQLiteCpp/Database.h>")
        self.allowed("adapters/program/src/spawn.cpp", '#include "steward/asio/scheduler.hpp"')
        self.refused("adapters/sqlite/src/table.cpp", '#include "steward/asio/scheduler.hpp"')
        self.allowed("adapters/program/src/spawn.cpp", "#include <sys/wait.h>")
        self.refused("adapters/program/src/spawn.cpp", '#include "steward/sqlite/table.hpp"')
        self.refused("adapters/asio/src/scheduler.cpp", '#include "steward/program/spec.hpp"')
        self.refused("adapters/asio/src/scheduler.cpp", "#include <spdlog/spdlog.h>")

    def test_the_app_knows_everything_but_no_umbrella(self):
        self.allowed("apps/steward/run.cpp", '#include "steward/sqlite/table.hpp"')
        self.refused("apps/steward/run.cpp", "#include <boost/asio.hpp>")
        self.refused("tests/asio/x_test.cpp", "#include <boost/asio.hpp>")
        self.refused("apps/steward/run.cpp", "#include <boost/beast/http.hpp>")


class Allowances(unittest.TestCase):
    def unneeded(self):
        return problems(laws.check_allowances, laws.OWN, (laws.ROOT / laws.OWN).read_text())

    def test_one_that_nobody_needs_is_reported(self):
        watch = "testing/include/steward/testing/table_conformance_watch.hpp"
        for allowance, check, name, text in [
            (("sqlite", "sqlite3.h"), laws.check_includes, "adapters/sqlite/src/x.cpp", "#include <sqlite3.h>\n"),
            (("program", "asio/"), laws.check_includes, "adapters/program/src/x.cpp", '#include "steward/asio/use_task.hpp"\n'),
            (("src/pages.cpp", "sys/mman.h"), laws.check_includes, "src/pages.cpp", "#include <sys/mman.h>\n"),
            ((watch, "real time"), laws.check_time, watch, "changed.wait_for(lock, 1s);"),
        ]:
            laws.used.clear()
            laws.used.update(laws.allowances() - {allowance})
            reported = self.unneeded()
            self.assertEqual(len(reported), 1, allowance)
            self.assertRegex(reported[0], rf"^tools/check_laws.py:[0-9]+: nobody needs that {allowance[0]} may know \"{allowance[1]}\"$")
            self.assertEqual(problems(check, name, text), [])
            self.assertEqual(self.unneeded(), [], allowance)


class Words(unittest.TestCase):
    def test_outdated_ones_are_refused_but_not_in_comments_or_strings(self):
        for line in ("typedef int number;", "int* p = NULL;", "assert(p);"):
            self.assertEqual(len(problems(laws.check_words, "x.cpp", line)), 1, line)
        for line in ("// typedef", 'say("NULL");', "static_assert(true);", "ASSERT_TRUE(p);"):
            self.assertEqual(problems(laws.check_words, "x.cpp", line), [], line)


class CoAwait(unittest.TestCase):
    def refused(self, text):
        self.assertTrue(problems(laws.check_co_await, "x.cpp", text), f"let pass: {text}")

    def allowed(self, text):
        self.assertEqual(problems(laws.check_co_await, "x.cpp", text), [], text)

    def test_owning_lambdas(self):
        self.refused("co_await call([held] { return held; });")
        self.refused("auto x = co_await call(1, [held = std::move(held)]() mutable { return held.size(); });")
        self.refused("auto x = co_await call(\n    [=](int a) -> int { return b; });")
        self.refused("f([p] { return 1; }, co_await g());")
        self.refused("co_return co_await call([&, p] { return 1; });")

    def test_braced_lists(self):
        self.refused("co_await start({.name = name});")
        self.refused("co_await start(options{name, 3});")
        self.refused("auto r = co_await take({name, 3});")
        self.refused("if (auto r = co_await take(options{name}); r) use(r);")
        self.refused("g(options{name}, co_await f());")

    def test_loops_without_a_body(self):
        self.refused("while (co_await ctx.sleep_for(1s)) {\n}")
        self.refused("while (co_await ctx.sleep_for(time(1)));")
        self.refused("for (; co_await ctx.sleep_for(1s);) {}")

    def test_what_is_right(self):
        self.allowed("while (co_await ctx.sleep_for(1s)) ++ticks;")
        self.allowed("do {\n} while (!done());")
        self.allowed("auto outcome = co_await ready(ctx);")
        self.allowed("co_await call([&] { return held.size(); });")
        self.allowed("co_await call([] { return 1; });")
        self.allowed("co_await call([this, &x] { return y_ + x; });")
        self.allowed("co_await take(std::move(options));")
        self.allowed("co_await names[i].stop(ctx);")
        self.allowed("auto options = plain{name, 3};\nco_await take(std::move(options));")
        self.allowed("if (auto r = co_await op(); r) { auto p = pair{a, b}; }")
        self.allowed("if (co_await op()) { use(pair{a, b}); }")
        self.allowed("while (auto r = co_await op()) {\n  use(pair{a, b});\n}")
        self.allowed("for (auto& x : xs) {\n  co_await x.stop();\n}")
        self.allowed("auto f = [held]() -> task<> { co_return co_await held.stop(); };")
        self.allowed('co_await say("{braces} and [brackets]");  // and {these}, [too]')
        self.allowed("co_await op(std::vector<int>{});")
        self.allowed("switch (a) {\n case b: {\n  use(pair{c, d});\n }\n case e: co_return co_await f(a);\n}")
        self.allowed("auto operator co_await() && noexcept { return awaiter{a}; }")


class Time(unittest.TestCase):
    def test_waiting_for_real_time(self):
        for text in ("std::this_thread::sleep_for(1s);", "usleep(3);", "changed.wait_for(lock, 1s);", "steady_timer t;"):
            self.assertTrue(problems(laws.check_time, "tests/unit/x_test.cpp", text), text)
        for text in ("loop.advance(1s);", "// sleep_for(1s)", 'run("sleep 5");', "co_await ctx.sleep_for(1s);"):
            self.assertEqual(problems(laws.check_time, "tests/unit/x_test.cpp", text), [], text)


class Sizes(unittest.TestCase):
    def test_limits(self):
        def judge(name, lines):
            refused = problems(laws.check_size, name, "x\n" * lines)
            return "refused" if refused else "warned" if laws.warnings else "fine"

        self.assertEqual([judge("include/steward/x.hpp", lines) for lines in (200, 201, 300, 301)], ["fine", "warned", "warned", "refused"])
        self.assertEqual([judge("src/x.cpp", lines) for lines in (400, 401, 600, 601)], ["fine", "warned", "warned", "refused"])
        self.assertEqual(judge("include/steward/detail/x.hpp", 400), "fine")
        self.assertEqual(judge("adapters/asio/include/steward/asio/x.hpp", 301), "refused")


class Marks(unittest.TestCase):
    def test_first_line_pragma_and_unfinished_work(self):
        licence = "// " + laws.SPDX + "\n"
        self.assertEqual(problems(laws.check_marks, "x.hpp", licence + "#pragma once\n"), [])
        self.assertTrue(problems(laws.check_marks, "x.hpp", licence))
        self.assertTrue(problems(laws.check_marks, "x.cpp", "int a;\n"))
        self.assertTrue(problems(laws.check_marks, "x.cpp", licence + "// TO" + "DO later\n"))


if __name__ == "__main__":
    unittest.main()
