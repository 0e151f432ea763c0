#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles each C++ snippet of a page: snippets.py PAGE COMPILER FLAG…

A snippet is taken as a whole source, or, where it has a `co_await` outside of a function, as the inside of one: its includes and types stay outside. What a page takes
for granted stands in <page>.hpp beside this script.
"""
import os
import re
import subprocess
import sys

FENCE = re.compile(r"^```cpp\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def parts_of(snippet):
    """Includes, types, and the statements outside of any type or function."""
    includes, types, statements = [], [], []
    inside = False
    for line in snippet.splitlines():
        inside = inside or bool(re.match(r"(struct|class|enum|template)\b", line))
        where = includes if line.startswith("#include") else types if inside else statements
        where.append(line)
        if inside and line.startswith("}"):
            inside = False
    return includes, types, statements


def source_of(snippet, prelude):
    if not re.search(r"^(?!\s).*\bco_await\b", snippet, re.MULTILINE):
        return snippet
    includes, types, statements = parts_of(snippet)
    inside = ["steward::task<> snippet(steward::context& ctx) {", *statements, "co_return {};", "}"]
    given = [f'#include "{prelude}"'] if os.path.exists(prelude) else []
    return "\n".join([*includes, '#include "steward/task.hpp"', *given, *types, *inside, ""])


def main():
    page, *compiler = sys.argv[1:]
    stem = os.path.splitext(os.path.basename(page))[0]
    prelude = os.path.join(os.path.dirname(os.path.abspath(__file__)), stem + ".hpp")
    with open(page, encoding="utf-8") as file:
        text = file.read()
    found = list(FENCE.finditer(text))
    wrong = 0
    for each in found:
        place = text.count("\n", 0, each.start()) + 1
        done = subprocess.run([*compiler, "-fsyntax-only", "-Werror", "-x", "c++", "-"], input=source_of(each[1], prelude), text=True, check=False)
        wrong += done.returncode != 0
        print(f"{page}:{place}: {'compiles' if done.returncode == 0 else 'does not compile'}", flush=True)
    if not found:
        print(f"{page}: no snippet found")
    sys.exit(1 if wrong or not found else 0)


if __name__ == "__main__":
    main()
