#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tidy.py BUILD_DIR [JOBS]: clang-tidy 19 over our own sources, as compiled in BUILD_DIR.

What a header costs is spent once for as many sources as can be read as one: most of the time goes into other people's headers, which each check visits
in each source. A batch in which something is found is looked at again file by file, so that what is told is told of a file alone. As one cannot be read
what has a name in an unnamed namespace that another source also has; and the app is not, because a batch hides a missing include, as do the
precompiled headers that every build in CI has for the app.

What has not changed since it was clean, in its preprocessed text (comments included: NOLINT is one) and its configuration, is not looked at again; the
memory of that is build/tidy/.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAYERS = ("src/", "testing/", "adapters/", "apps/")
TIDY = "clang-tidy-19"
# Compiled from somebody else's sources, which are not ours to judge.
FOREIGN = {"apps/steward/boost_json.cpp", "apps/steward/fmt.cpp"}
ALONE = ("apps/",)
BATCH = 12


def flags(command):
    """The command that compiles a source, without the source and without the object."""
    words = shlex.split(command)
    return tuple(word for before, word in zip([None, *words], words) if word not in ("-o", "-c") and before not in ("-o", "-c"))


def groups(build):
    """{flags: names}: each source of ours once, with those that are compiled alike."""
    sources = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["directory"], entry["file"]).resolve()
        if path.is_relative_to(ROOT):
            name = str(path.relative_to(ROOT))
            if name.startswith(LAYERS) and name not in FOREIGN:
                sources.setdefault(name, flags(entry["command"]))
    found = {}
    for name, words in sorted(sources.items()):
        found.setdefault(words, []).append(name)
    return found


def run(*command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)


def written(names, memory):
    """A source to be read for all of these: itself, if there is only one."""
    if len(names) == 1:
        return ROOT / names[0]
    text = "".join(f'#include "{ROOT / name}"\n' for name in names)
    path = memory / f"batch_{hashlib.sha256(text.encode()).hexdigest()[:16]}.cpp"
    path.write_text(text)
    return path


def misfits(names, text):
    """Those of the names that a compiler's errors are about; if they are all in headers, those that its notes lead to."""
    errors = "\n".join(line for line in text.splitlines() if " error: " in line)
    for lines in (errors, text):
        if found := [name for name in names if f"{ROOT / name}:" in lines]:
            return found
    return names


def batches(words, names, memory):
    """Splits the names into lists that can be read as one source each."""
    alone = [name for name in names if name.startswith(ALONE)]
    together = [name for name in names if name not in alone]
    while len(together) > 1:
        done = run(*words, "-w", "-ferror-limit=0", "-fsyntax-only", str(written(together, memory)))
        if done.returncode == 0:
            break
        apart = misfits(together, done.stdout + done.stderr)
        alone += apart
        together = [name for name in together if name not in apart]
    count = -(-len(together) // BATCH)
    return [together[first::count] for first in range(count)] + [[name] for name in alone]


def fingerprint(words, source, config):
    """What clang-tidy's verdict depends on; None if the source does not even preprocess."""
    done = subprocess.run([*words, "-E", "-C", str(source)], capture_output=True, check=False)
    return None if done.returncode else hashlib.sha256(config + done.stdout).hexdigest()


def check(words, names, memory, config):
    """[(name, what is found)] of a batch."""
    source = written(names, memory)
    key = fingerprint(words, source, config)
    if key and (memory / key).exists():
        return []
    done = run(TIDY, "--quiet", "--warnings-as-errors=*", str(source), "--", *words[1:])
    if done.returncode == 0 and not done.stdout:
        if key:
            (memory / key).touch()
        return []
    if len(names) > 1:
        return [finding for name in names for finding in check(words, [name], memory, config)]
    return [(names[0], done.stdout or done.stderr)] if done.returncode else []


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    jobs = int(sys.argv[2]) if len(sys.argv) > 2 else os.cpu_count()
    memory = ROOT / "build" / "tidy"
    memory.mkdir(parents=True, exist_ok=True)
    config = run(TIDY, "--version").stdout.encode() + (ROOT / ".clang-tidy").read_bytes()
    found = groups(build)
    total, seen, failed = sum(map(len, found.values())), 0, {}
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        split = pool.map(lambda group: [(group[0], names) for names in batches(*group, memory)], found.items())
        # The longest first, so that no core is left with nothing to do in the end.
        work = sorted((batch for part in split for batch in part), key=lambda batch: -len(batch[1]))
        for (_, names), findings in zip(work, pool.map(lambda batch: check(*batch, memory, config), work)):
            seen += len(names)
            failed.update(findings)
            for name in names:
                print(f"      {seen}/{total} {name}{'  FAILED' if name in failed else ''}", flush=True)
    for text in dict.fromkeys(failed.values()):  # a header's finding once, not once a file that includes it
        print(text)
    if failed:
        print(f"clang-tidy is not content with {len(failed)} of {total} files: {' '.join(failed)}")
    return 1 if failed or not total else 0


if __name__ == "__main__":
    sys.exit(main())
