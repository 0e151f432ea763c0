#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a manual page out of what is written already, so that nothing is said twice:

    man_page.py steward 1 VERSION docs/operating.md BINARY     with what `BINARY --help` and `BINARY COMMAND --help` say
    man_page.py steward-units 5 VERSION docs/units.md

It knows as much Markdown as these pages use: headings, paragraphs, lists, tables, fenced text, `code`, **bold**, *italic* and links.
"""
import re
import subprocess
import sys


def escaped(text):
    """Text that troff takes as it is. A line may not begin with a dot or a quote, which would be a request."""
    return re.sub(r"^([.'])", r"\\&\1", text.replace("\\", "\\e").replace("-", "\\-"), flags=re.MULTILINE)


def inline(text):
    """`code` and **bold** in bold, *italic* in italic, [text](address) as its text."""
    out = []
    for part in re.split(r"(`[^`]*`)", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text)):
        if part.startswith("`"):
            out.append(f"\\fB{escaped(part[1:-1])}\\fP")
        else:
            part = re.sub(r"\*\*(.+?)\*\*", r"\\fB\1\\fP", part.replace("\\", "\\e").replace("-", "\\-"))
            out.append(re.sub(r"\*(.+?)\*", r"\\fI\1\\fP", part))
    return re.sub(r"^([.'])", r"\\&\1", "".join(out))


def verbatim(lines):
    return [".PP", ".RS 4", ".nf", *(escaped(line) for line in lines), ".fi", ".RE"]


def table(lines):
    """A row is a tagged paragraph: its first cell, then what the others say. With three columns, the middle one in brackets under its heading."""
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    heading, body = rows[0], rows[2:]
    out = []
    for first, *others in body:
        said = others[-1]
        if len(others) == 2 and others[0]:
            said = f"({heading[1]}: {others[0]}) {said}"
        out += [".TP", inline(first), inline(said)]
    return [*out, ".PP"]


def blocks(text):
    """Yields (kind, lines) of a page: heading, fence, table, list or paragraph."""
    lines = text.splitlines()
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            at += 1
            continue
        if line.startswith("```"):
            end = lines.index("```", at + 1)
            yield "fence", lines[at + 1 : end]
            at = end + 1
            continue
        kind = "heading" if line.startswith("#") else "table" if line.startswith("|") else "list" if line.startswith("- ") else "paragraph"
        end = at + 1
        while kind != "heading" and end < len(lines) and lines[end].strip() and not lines[end].startswith(("#", "```")):
            end += 1
        yield kind, lines[at:end]
        at = end


def page(text):
    """The body of a page, without its title."""
    out = []
    for kind, lines in blocks(text):
        if kind == "heading":
            level, name = lines[0].split(" ", 1)
            if len(level) > 1:
                out += [f".SH {inline(name).upper()}" if len(level) == 2 else f".SS {inline(name)}"]
        elif kind == "fence":
            out += verbatim(lines)
        elif kind == "table":
            out += table(lines)
        elif kind == "list":
            for item in re.split(r"^- ", "\n".join(lines), flags=re.MULTILINE)[1:]:
                out += [".IP \\(bu 2", inline(" ".join(item.split()))]
            out += [".PP"]
        else:
            out += [".PP", inline(" ".join(line.strip() for line in lines))]
    return out


def help_of(binary, *command):
    return subprocess.run([binary, *command, "--help"], capture_output=True, text=True, check=True).stdout.rstrip().splitlines()


def commands(binary):
    """What the program says of itself and of each of its commands."""
    whole = help_of(binary)
    names = re.findall(r"^  (\w+)", "\n".join(whole).split("\nCommands:\n")[1].split("\n\n")[0], re.MULTILINE)
    out = [".SH COMMANDS", *verbatim(whole[1:])]
    for name in names:
        if name not in ("help", "version"):
            out += [f".SS steward {name}", *verbatim(help_of(binary, name))]
    return out


def main():
    name, section, version, source, *binary = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        text = file.read()
    what, also = ("keeps programs running", "steward-units(5)") if binary else ("the units file of steward", "steward(1)")
    out = [f'.TH {name.upper()} {section} "" "steward {version}" "Steward"', ".SH NAME", f"{escaped(name)} \\- {what}"]
    if binary:
        out += [".SH SYNOPSIS", "\\fBsteward\\fP \\fICOMMAND\\fP [\\fIOPTION\\fP]... [\\fIARGUMENT\\fP]..."]
    out += [".SH DESCRIPTION", *page(text)]
    if binary:
        out += commands(binary[0])
    out += [".SH SEE ALSO", inline(f"`{also}`")]
    print("\n".join(out))


if __name__ == "__main__":
    main()
