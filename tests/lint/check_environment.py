"""A program with more rights than its user must not be led by his environment."""
import re

import source


def main():
    arguments = source.arguments()
    report = source.Report()
    for path in source.files(arguments.root, ".c", ".h"):
        if path.parts[0] not in ("lib", "broker", "clients"):
            continue
        text = source.without_comments(source.read(arguments.root, path))
        for number, line in enumerate(text.splitlines(), 1):
            if re.search(r"\bgetenv\s*\(", line):
                report.add(path, number, "getenv() should be secure_getenv()")
    report.end()


main()
