"""The program in README.md compiles, and is short."""
import re
import subprocess

import source

MAX_LINES = 25
PROGRAM = re.compile(r"^```c\n(.*?)^```$", re.M | re.S)


def main():
    arguments = source.arguments()
    report = source.Report()
    text = source.read(arguments.root, "README.md")
    programs = list(PROGRAM.finditer(text))
    if not programs:
        report.add("README.md", 1, "there is no program in it")
    includes = [f"-I{arguments.root / 'lib'}"]
    if arguments.build:
        includes.append(f"-I{arguments.build / 'lib'}")
    for match in programs:
        line = text.count("\n", 0, match.start()) + 2
        if match[1].count("\n") > MAX_LINES:
            report.add("README.md", line, f"the program has more than {MAX_LINES} lines")
        compiled = subprocess.run(
            ["cc", "-x", "c", "-std=c11", "-pedantic", "-Wall", "-Wextra", "-Werror",
             "-fsyntax-only", *includes, "-"],
            input=match[1].encode(), check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        if compiled.returncode != 0:
            report.add("README.md", line, "the program does not compile")
            print(compiled.stdout.decode("utf-8", "replace"))
    report.end()


main()
