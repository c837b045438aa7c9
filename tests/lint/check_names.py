"""What docs/ calls relevo_... and RELEVO_... is in a public header, or in the environment."""
import re

import source

NAME = re.compile(r"\b(?:relevo|RELEVO)_\w+")
# What the programs, the benchmarks too, and the library call things in the environment.
VARIABLE = re.compile(r'"(RELEVO_\w+)')


def names_known(arguments):
    known = set()
    for header in source.public_headers(arguments.root, arguments.build):
        known.update(NAME.findall(header.read_text(encoding="utf-8")))
    for path in source.files(arguments.root, ".c"):
        if path.parts[0] in ("lib", "broker", "clients") or path.parts[:2] == ("tests", "bench"):
            known.update(VARIABLE.findall(source.read(arguments.root, path)))
    return known


def main():
    arguments = source.arguments()
    report = source.Report()
    known = names_known(arguments)
    for path in source.files(arguments.root, ".md"):
        if path.parent.as_posix() != "docs":
            continue
        for number, line in enumerate(source.read(arguments.root, path).splitlines(), 1):
            for name in NAME.findall(line):
                # A start of several names, as in relevo_pool_*, ends with a stroke.
                if name not in known and not name.endswith("_"):
                    report.add(path, number, f"{name} is in no public header")
    report.end()


main()
