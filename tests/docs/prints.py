#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs an example, which must succeed and print what the comment at its end says: prints.py SOURCE PROGRAM

The comment begins with `// It prints:`, or with `// It prints, in some order:`; then comes a line of output in each line.
"""
import re
import subprocess
import sys

COMMENT = re.compile(r"^// It prints(?P<some_order>, in some order)?:\n(?P<lines>(?:^//.*\n)+)\Z", re.MULTILINE)


def main():
    source, program = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        said = COMMENT.search(file.read())
    done = subprocess.run([program], capture_output=True, text=True, check=False)
    print(done.stdout, done.stderr, sep="", end="")
    if done.returncode != 0:
        sys.exit(done.returncode)
    if not said:
        sys.exit(f"{source}: there is no comment `// It prints:` at its end")
    want = [line[2:].removeprefix("   ").rstrip() for line in said["lines"].splitlines()]
    got = done.stdout.rstrip("\n").split("\n")
    if said["some_order"]:
        want, got = sorted(want), sorted(got)
    if want != got:
        sys.exit("\n".join([f"{source}: the comment at its end says that it prints", *want]))


if __name__ == "__main__":
    main()
