"""C is laid out as clang-format 14 does it."""
import re
import shutil
import subprocess
import sys

import source

VERSION = "14"


def find_clang_format():
    for name in (f"clang-format-{VERSION}", "clang-format"):
        if shutil.which(name):
            answer = subprocess.run([name, "--version"], check=True, stdout=subprocess.PIPE)
            if f"version {VERSION}." in answer.stdout.decode():
                return name
    sys.exit(f"clang-format {VERSION} is not installed; other versions lay out otherwise")


def main():
    arguments = source.arguments()
    report = source.Report()
    paths = source.files(arguments.root, ".c", ".h")
    if not paths:
        return
    checked = subprocess.run(
        [find_clang_format(), "--dry-run", *paths], cwd=arguments.root, check=False,
        stderr=subprocess.PIPE,
    )
    for line in checked.stderr.decode().splitlines():
        if match := re.match(r"(.+?):(\d+):\d+: (?:warning|error): ", line):
            report.add(match[1], match[2], "not laid out as clang-format does: ./run format")
    report.end()


main()
