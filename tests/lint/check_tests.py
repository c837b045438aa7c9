"""Tests wait for events, never for time; and stand in a suite that exists."""
import json
import pathlib
import re
import subprocess

import source

SUITES = pathlib.Path(__file__).parents[1] / "support/suites.txt"
NAPS = {
    ".c": re.compile(r"\b(sleep|usleep|nanosleep|clock_nanosleep|thrd_sleep)\s*\("),
    ".h": re.compile(r"\b(sleep|usleep|nanosleep|clock_nanosleep|thrd_sleep)\s*\("),
    ".py": re.compile(r"\b(time\.sleep)\s*\("),
    ".sh": re.compile(r"(?:^|[;&|]|\bdo\b|\bthen\b)\s*(sleep)\s+[\d$\"]"),
}


def check_naps(root, report):
    for path in source.files(root, *NAPS):
        if path.parts[0] != "tests":
            continue
        text = source.read(root, path)
        if path.suffix in (".c", ".h"):
            text = source.without_comments(text)
        for number, line in enumerate(text.splitlines(), 1):
            if match := NAPS[path.suffix].search(line):
                report.add(path, number, f"{match[1]}: wait for what has to happen instead")


def check_suites(build, report):
    known = {row[0] for row in source.read_table(SUITES)}
    described = subprocess.run(
        ["meson", "introspect", "--tests", build], check=True, stdout=subprocess.PIPE
    )
    for test in json.loads(described.stdout):
        suites = [suite.split(":")[-1] for suite in test["suite"]]
        if len(suites) != 1 or suites[0] not in known:
            report.add("tests/meson.build", 0,
                       f"test {test['name']} is in {suites}, not in one of {sorted(known)}")


def main():
    arguments = source.arguments()
    report = source.Report()
    check_naps(arguments.root, report)
    if arguments.build:
        check_suites(arguments.build, report)
    report.end()


main()
