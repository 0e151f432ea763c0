#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs an example, which must succeed and print what the comment at its end says: prints.py SOURCE PROGRAM

The comment begins with `// It prints:`; then comes a line of output in each line. Where the order or the number of lines is up to the clock, it
begins with `// It prints, for example:`, and is not compared.
"""
import re
import subprocess
import sys

COMMENT = re.compile(r"^// It prints(?P<example>, for example)?:\n(?P<lines>(?://.*\n)+)\Z", re.MULTILINE)


def main():
    source, program = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        said = COMMENT.search(file.read())
    done = subprocess.run([program], capture_output=True, text=True, check=False)
    print(done.stdout, done.stderr, sep="", end="")
    if done.returncode != 0:
        sys.exit(done.returncode if done.returncode > 0 else f"{program} was ended by signal {-done.returncode}")
    if not said:
        sys.exit(f"{source}: there is no comment `// It prints:` at its end")
    want = [line[2:].removeprefix("   ") for line in said["lines"].splitlines()]
    if not said["example"] and want != done.stdout.rstrip("\n").split("\n"):
        sys.exit("\n".join([f"{source}: the comment at its end says that it prints", *want]))


if __name__ == "__main__":
    main()
