"""Each deliberate fault in the sources stands in tests/mutants/mutants.txt, and the other
way round."""
import re

import source

TABLE = "tests/mutants/mutants.txt"
USE = re.compile(r"\bMUTANT\((\w+)\)")


def in_table(root):
    names = {}
    for number, line in enumerate(source.read(root, TABLE).splitlines(), 1):
        words = line.split("#")[0].split()
        if words:
            names[words[0]] = number
    return names


def in_sources(root):
    names = {}
    for path in source.files(root, ".c"):
        if path.parts[0] not in ("lib", "broker"):
            continue
        text = source.without_comments(source.read(root, path))
        for number, line in enumerate(text.splitlines(), 1):
            for name in USE.findall(line):
                names[name] = (path, number)
    return names


def main():
    arguments = source.arguments()
    report = source.Report()
    table = in_table(arguments.root) if (arguments.root / TABLE).exists() else {}
    used = in_sources(arguments.root)
    for name in sorted(set(used) - set(table)):
        report.add(*used[name], f"MUTANT({name}) is not in {TABLE}")
    for name in sorted(set(table) - set(used)):
        report.add(TABLE, table[name], f"there is no MUTANT({name}) in the sources")
    report.end()


main()
