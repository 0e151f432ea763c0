#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""check_laws.py: the laws of this house that a compiler does not check. Prints `file:line: what is wrong`; exit code 1 if anything is.

  layers     core knows the standard library and itself; adapters know core and, where they need it, the Asio adapter; the app knows everything;
             nobody is allowed what nobody needs
  umbrellas  no header that pulls in a whole library
  co_await   nothing in a statement with co_await that g++ 12 destroys twice (docs/decisions, CONTRIBUTING.md)
  time       no unit or scenario test, and nothing in the test kit, waits for real time
  sizes      a public header has at most 200 lines, any other source 400; half as much again is refused
  marks      the licence line first, `#pragma once` in headers, no left-over marks of unfinished work
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
OWN = "tools/check_laws.py"

STANDARD = set(
    """algorithm any array atomic barrier bit bitset cassert cerrno cfenv cfloat charconv chrono cinttypes climits clocale cmath compare complex concepts
    condition_variable coroutine csetjmp csignal cstdarg cstddef cstdint cstdio cstdlib cstring ctime cuchar cwchar cwctype deque exception execution expected
    filesystem forward_list fstream functional future initializer_list iomanip ios iosfwd iostream istream iterator latch limits list locale map memory
    memory_resource mutex new numbers numeric optional ostream queue random ranges ratio regex scoped_allocator semaphore set shared_mutex source_location
    span spanstream sstream stack stacktrace stdexcept stop_token streambuf string string_view syncstream system_error thread tuple type_traits typeindex
    typeinfo unordered_map unordered_set utility valarray variant vector version""".split()
)

# What the operating system offers: adapters and the app may use it; the core's compiled part only where it is listed.
SYSTEM = re.compile(r"^(sys|linux|arpa|netinet|net|asm)/.*\.h$|^[a-z_]+\.h$")
CORE_SYSTEM = {
    # The compiler's own runtime: the readable name of a foreign exception's type.
    "src/error.cpp": {"cxxabi.h"},
    # Huge pages: a wish to the system that the standard library cannot express.
    "src/pages.cpp": {"sys/mman.h"},
    # Signals: a handler may do little more than write to a pipe, which a thread then reads.
    "src/run_until_signal.cpp": {"fcntl.h", "poll.h", "unistd.h"},
    # The owner of a file descriptor, which every adapter needs.
    "src/unique_fd.cpp": {"fcntl.h", "unistd.h"},
}

# layer: (its folders, folders of ours that it may include from as "steward/<x>", foreign prefixes)
LAYERS = {
    "core": (("include/", "src/"), ("",), ()),
    "testing": (("testing/",), ("", "testing/"), ("gtest/",)),
    "asio": (("adapters/asio/",), ("", "asio/"), ("boost/asio/", "boost/system/")),
    "sqlite": (("adapters/sqlite/",), ("", "sqlite/"), ("SQLiteCpp/", "sqlite3.h")),
    # Beast: a readiness probe may ask over HTTP.
    "program": (("adapters/program/",), ("", "program/", "asio/"), ("boost/asio/", "boost/beast/")),
}
OURS = ("asio/", "sqlite/", "program/", "testing/")

UMBRELLAS = {"boost/asio.hpp", "boost/beast.hpp", "boost/beast/http.hpp", "bits/stdc++.h", "steward/steward.hpp", "boost/asio/experimental/awaitable_operators.hpp"}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
# A context's own sleep_for is virtual there, so it may stay.
WAITING = re.compile(r"this_thread::sleep_(for|until)|(?<![.>\w])(usleep|nanosleep|sleep)\s*\(|\b(wait|try_acquire|try_lock)_(for|until)\s*\(|steady_timer|system_timer")
# A suite for backends: what another process has edited is told when the system says so.
REAL_TIME = {"testing/include/steward/testing/table_conformance_watch.hpp"}
OUTDATED = {"typedef": "using", "NULL": "nullptr", "assert": "a check that also users have, or static_assert"}
UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
SPDX = "SPDX-License-Identifier: Apache-2.0"

problems = []
warnings = []
used = set()  # of what `allowances` lists


def report(path, line, text):
    problems.append(f"{path}:{line}: {text}")


def tracked():
    out = subprocess.run(
        ["git", "-C", str(ROOT), "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard"], capture_output=True, text=True, check=True
    ).stdout
    return [name for name in out.splitlines() if (ROOT / name).is_file()]


def blank_out(text):
    """The text with comments, strings and characters blanked, lines kept."""
    token = re.compile(r'//[^\n]*|/\*.*?\*/|R"([^(\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])*\'', re.S)

    def blank(match):
        word = match.group(0)
        kept = re.sub(r"[^\n]", " ", word)
        return kept if word.startswith("/") else '"' + kept[1:-1] + '"'

    return token.sub(blank, text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


# --- layers and umbrellas ---------------------------------------------------------------------------------------------------------------------------


def layer_of(name):
    return next((layer for layer, (folders, _, _) in LAYERS.items() if name.startswith(folders)), None)


def check_quoted(name, layer, line, header):
    _, own, _ = LAYERS[layer]
    if header.startswith("steward/"):
        rest = header.removeprefix("steward/")
        part = next((part for part in OURS if rest.startswith(part)), "")
        if part in own:
            used.add((layer, part))
        else:
            report(name, line, f'{layer} must not know "{header}"')
    elif not ((ROOT / name).parent / header).is_file() and not any((ROOT / folder / "src" / header).is_file() for folder in LAYERS[layer][0]):
        report(name, line, f'"{header}" is not a private header of {layer}; public ones are "steward/…", foreign ones <…>')


def check_angled(name, layer, line, header):
    if header in STANDARD:
        return
    foreign = next((prefix for prefix in LAYERS[layer][2] if header.startswith(prefix)), None)
    if foreign:
        used.add((layer, foreign))
    elif layer == "core":
        if header in CORE_SYSTEM.get(name, ()):
            used.add((name, header))
        else:
            report(name, line, f"the core needs the standard library only, not <{header}>")
    elif not SYSTEM.match(header):
        report(name, line, f"{layer} must not know <{header}>")


def check_includes(name, text):
    layer = layer_of(name)
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        header = match.group(2)
        if header in UMBRELLAS:
            report(name, number, f"{header} pulls in a whole library; include what is used")
        if layer:
            (check_quoted if match.group(1) == '"' else check_angled)(name, layer, number, header)


def allowances():
    """Who may know what beside the rule: (a layer or a file, a folder, a prefix or a header)."""
    of_layers = {(layer, what) for layer, (_, own, foreign) in LAYERS.items() for what in own + foreign}
    of_core = {(name, header) for name, headers in CORE_SYSTEM.items() for header in headers}
    return of_layers | of_core | {(name, "real time") for name in REAL_TIME}


def check_allowances(name, text):
    for who, what in sorted(allowances() - used):
        report(name, line_of(text, text.index(f'"{who}"')), f'nobody needs that {who} may know "{what}"')


# --- the co_await trap of g++ 12 --------------------------------------------------------------------------------------------------------------------

CAPTURE = re.compile(r"(?<![\w\)\]])\[([^\[\]]*)\]\s*(?:\(|\{|mutable|noexcept|->|<)")
# Captures that own nothing: everything or something by reference, and pointers.
HARMLESS = re.compile(r"^\s*(&|&\w+|this)?\s*(,\s*(&\w+|this)\s*)*$")


# What stands before the brace of a block or of a lambda's body; before any other brace stands a type or a list.
BLOCK = re.compile(r"(\)|[;{}:]|\b(else|do|try|noexcept|mutable|const|override|final)|->\s*[\w:<>,&* ]+)\s*$")
CONDITION = re.compile(r"\b(if|while|for|switch)\s*(constexpr\s*)?$")


def brackets(code):
    """Where each bracket's partner is."""
    partner, stack = {}, []
    for position, char in enumerate(code):
        if char in "([{":
            stack.append(position)
        elif char in ")]}" and stack:
            opened = stack.pop()
            partner[opened], partner[position] = position, opened
    return partner


def statement_around(code, partner, position):
    """Start and end of the full expression around a position."""

    def is_block(brace):
        return code[brace] == "{" and (brace == 0 or BLOCK.search(code, max(0, brace - 80), brace) is not None)

    start = position
    while start > 0:
        char = code[start - 1]
        if char in ")]}":
            opened = partner.get(start - 1, 0)
            if char == "}" and is_block(opened):
                break  # the statement before
            start = opened
        elif char == ";" or (char == "{" and is_block(start - 1)) or (char == "(" and CONDITION.search(code, max(0, start - 30), start - 1)):
            break
        else:
            start -= 1
    end = position
    while end < len(code):
        char = code[end]
        if char in "([{":
            end = partner.get(end, len(code))
        elif char == ";" or (char in ")}" and partner.get(end, 0) < start):
            break
        end += 1
    return start, end


# A loop that consists of its condition.
NO_BODY = re.compile(r"\s*(;|\{\s*\})")


def check_co_await(name, text):
    code = blank_out(text)
    partner = brackets(code)
    for match in re.finditer(r"\b(?:while|for)\s*\(", code):
        end = partner.get(match.end() - 1, len(code))
        if "co_await" in code[match.end() : end] and NO_BODY.match(code, end + 1):
            report(name, line_of(code, match.start()), "a loop without a body whose condition awaits: give it one (g++ 12 leaves it after the first round)")
    for match in re.finditer(r"\bco_await\b", code):
        start, end = statement_around(code, partner, match.start())
        if "operator" in code[start : match.start()]:
            continue
        statement, where = code[start:end], line_of(code, match.start())
        for capture in CAPTURE.finditer(statement):
            if not HARMLESS.match(capture.group(1)):
                report(name, where, "a lambda with captures inside a co_await statement: name it first (g++ 12 destroys it twice)")
        for brace in re.finditer(r"\{\s*[^}\s]", statement):
            if not BLOCK.search(statement[: brace.start()]) and not re.search(r"\]\s*$", statement[: brace.start()]):
                report(name, where, "a braced list inside a co_await statement: name the value first (g++ 12 destroys aggregates twice)")


# --- the rest ---------------------------------------------------------------------------------------------------------------------------------------


def check_time(name, text):
    for match in WAITING.finditer(blank_out(text)):
        if name in REAL_TIME:
            used.add((name, "real time"))
            return
        report(name, line_of(text, match.start()), f"`{match.group(0).strip(' (')}`: nothing here waits for real time; use virtual time")


def check_words(name, text):
    for match in re.finditer(r"\b(typedef|NULL|assert(?=\())\b", blank_out(text)):
        report(name, line_of(text, match.start()), f"`{match.group(1)}`: {OUTDATED[match.group(1)]}")


def is_public(name):
    return name.endswith(".hpp") and "/include/" in "/" + name and "/detail/" not in name


def check_size(name, text):
    public = is_public(name)
    limit = 200 if public else 400
    lines = text.count("\n")
    if lines * 2 > limit * 3:
        report(name, lines, f"{lines} lines; at most {limit}")
    elif lines > limit:
        warnings.append(f"{name}: {lines} lines, more than {limit}")


def check_marks(name, text):
    first = "\n".join(text.splitlines()[:2])
    if SPDX not in first:
        report(name, 1, f"the first line must say `{SPDX}`")
    if name.endswith(".hpp") and "\n#pragma once\n" not in text:
        report(name, 1, "no `#pragma once`")
    for match in UNFINISHED.finditer(text):
        if name != "tools/check_laws.py":
            report(name, line_of(text, match.start()), f"`{match.group(0)}`: finish it, or open an issue")


def size_report(sizes):
    for what, chosen in (
        ("public headers", {n: s for n, s in sizes.items() if is_public(n)}),
        ("sources", {n: s for n, s in sizes.items() if not is_public(n) and not n.startswith("tests/")}),
        ("tests", {n: s for n, s in sizes.items() if n.startswith("tests/")}),
    ):
        if chosen:
            ordered = sorted(chosen.values())
            largest = max(chosen, key=chosen.get)
            print(f"      {len(chosen)} {what}: {sum(ordered)} lines, median {ordered[len(ordered) // 2]}, largest {largest} {chosen[largest]}")


def main():
    sizes = {}
    for name in tracked():
        path = ROOT / name
        if name.endswith((".hpp", ".cpp")):
            text = path.read_text()
            sizes[name] = text.count("\n")
            check_includes(name, text)
            check_marks(name, text)
            check_size(name, text)
            check_words(name, text)
            if not name.startswith("tests/toolchain/"):
                check_co_await(name, text)
            if name.startswith(("tests/unit/", "tests/scenario/", "testing/")):
                check_time(name, text)
        elif name.endswith((".sh", ".py", ".cmake", ".in", "CMakeLists.txt")) or name in ("dev", ".ci/run"):
            check_marks(name, path.read_text())
    check_allowances(OWN, (ROOT / OWN).read_text())
    for text in warnings:
        print(f"      warning: {text}")
    for text in problems:
        print(text)
    size_report(sizes)
    return 1 if problems or not sizes else 0


if __name__ == "__main__":
    sys.exit(main())
