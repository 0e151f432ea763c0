#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tidy.py BUILD_DIR [JOBS]: clang-tidy 19 over our own sources, as compiled in BUILD_DIR.

A file whose preprocessed text (comments included: NOLINT is one) and whose configuration have not changed since it was clean is not looked at again;
the memory of that is build/tidy/.
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
FOREIGN = {"apps/steward/boost_json.cpp"}


def entries(build):
    """(relative path, compile command) of each source of ours."""
    for entry in json.loads((build / "compile_commands.json").read_text()):
        path = pathlib.Path(entry["directory"], entry["file"]).resolve()
        if path.is_relative_to(ROOT):
            name = str(path.relative_to(ROOT))
            if name.startswith(LAYERS) and name not in FOREIGN:
                yield name, shlex.split(entry["command"]), entry["directory"]


def fingerprint(command, directory, config):
    """What clang-tidy's verdict depends on; None if the source does not even preprocess."""
    drop = {"-o", "-c"}
    arguments, skip = [], False
    for word in command:
        if skip:
            skip = False
        elif word == "-o":
            skip = True
        elif word not in drop:
            arguments.append(word)
    done = subprocess.run([*arguments, "-E", "-C"], cwd=directory, capture_output=True, check=False)
    if done.returncode:
        return None
    return hashlib.sha256(config + done.stdout).hexdigest()


def check(build, memory, config, entry):
    name, command, directory = entry
    key = fingerprint(command, directory, config)
    if key and (memory / key).exists():
        return name, 0, ""
    done = subprocess.run(
        [TIDY, "-p", str(build), "--quiet", "--warnings-as-errors=*", str(ROOT / name)], capture_output=True, text=True, check=False
    )
    if done.returncode == 0 and not done.stdout and key:
        (memory / key).touch()
    return name, done.returncode, done.stdout + ("" if done.returncode == 0 or done.stdout else done.stderr)


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    jobs = int(sys.argv[2]) if len(sys.argv) > 2 else os.cpu_count()
    memory = ROOT / "build" / "tidy"
    memory.mkdir(parents=True, exist_ok=True)
    version = subprocess.run([TIDY, "--version"], capture_output=True, check=True).stdout
    config = version + (ROOT / ".clang-tidy").read_bytes()
    work = sorted({name: (name, command, directory) for name, command, directory in entries(build)}.values())
    failed = {}
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for done, (name, code, text) in enumerate(pool.map(lambda entry: check(build, memory, config, entry), work), 1):
            if code:
                failed[name] = text
            print(f"      {done}/{len(work)} {name}{'  FAILED' if code else ''}", flush=True)
    for text in dict.fromkeys(failed.values()):  # a header's finding once, not once a file that includes it
        print(text)
    if failed:
        print(f"clang-tidy is not content with {len(failed)} of {len(work)} files: {' '.join(failed)}")
    return 1 if failed or not work else 0


if __name__ == "__main__":
    sys.exit(main())
