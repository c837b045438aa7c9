"""Includes go only where layers.txt lets them."""
import fnmatch
import pathlib
import re

import source

HERE = pathlib.Path(__file__).parent
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


def rule_for(path, rules):
    """The row for a file: a pattern it matches, or the longest start."""
    name = path.as_posix()
    rows = [row for row in rules if name.startswith(row + "/") or fnmatch.fnmatch(name, row)]
    return max(rows, key=lambda row: ("*" in row, len(row)), default=None)


def layer_of(kind, target, externals):
    """The layer that an include reaches, or None for the system's headers."""
    if target.endswith(".pb-c.h"):
        return "proto"
    for start, name in externals:
        if target.startswith(start):
            return name
    if kind == '"' or target.startswith("relevo/"):
        return target.split("/")[0]
    return None


def check_file(root, path, rules, externals, report):
    row = rule_for(path, rules)
    if row is None:
        report.add(path, 1, f"{path.parent} is not in tests/lint/layers.txt")
        return
    allowed = rules[row]
    if "*" in allowed:
        return
    text = source.read(root, path)
    for match in INCLUDE.finditer(text):
        kind, target = match.groups()
        line = text.count("\n", 0, match.start()) + 1
        layer = layer_of(kind, target, externals)
        if kind == '"' and "/" not in target and layer != "proto":
            own = "." in allowed and (root / path.parent / target).is_file()
            if not own and target not in allowed:
                report.add(path, line, f'"{target}" should be written "layer/file.h"')
        elif layer is not None and layer not in [*path.parent.parts, *allowed] \
                and target not in allowed:
            report.add(path, line, f"{row} must not include {target}")


def main():
    arguments = source.arguments()
    report = source.Report()
    rules = {row[0]: row[1:] for row in source.read_table(HERE / "layers.txt")}
    externals = source.read_table(HERE / "external.txt")
    for path in source.files(arguments.root, ".c", ".h", ".h.in"):
        check_file(arguments.root, path, rules, externals, report)
    report.end()


main()
