"""Includes go only where layers.txt lets them, and within a folder never in a circle."""
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


def own_target(root, path, target):
    """The module of the same folder that the include reaches, or None."""
    for candidate in (path.parent / target, path.parent.parent / target):
        if candidate.parent == path.parent and (root / candidate).is_file():
            return candidate.stem
    return None


def module_graph(root, paths):
    """Of a folder: which module (a.c and a.h are one) includes which, and where."""
    graph = {path.stem: {} for path in paths}
    for path in paths:
        text = source.read(root, path)
        for match in INCLUDE.finditer(text):
            target = own_target(root, path, match[2])
            if target is not None and target != path.stem:
                line = text.count("\n", 0, match.start()) + 1
                graph[path.stem].setdefault(target, (path, line))
    return graph


def way_round(graph, module):
    """The shortest way from the module over others back to itself; None: there is none."""
    before = {}
    waiting = [module]
    while waiting:
        at = waiting.pop(0)
        for target in sorted(graph.get(at, ())):
            if target == module:
                way = [module]
                while at != module:
                    way.insert(0, at)
                    at = before[at]
                return [module, *way]
            if target not in before:
                before[target] = at
                waiting.append(target)
    return None


def check_circles(root, folder, paths, known, report):
    graph = module_graph(root, paths)
    ways = {module: way_round(graph, module) for module in graph}
    told = set()
    for module, way in ways.items():
        if way is None and module in known:
            report.add(folder, 1, f"{module} is in no circle any more: take it out of circles.txt")
        if way is None or module in told or known.issuperset(way):
            continue
        told.update(way)
        report.add(*graph[way[0]][way[1]], f"a circle of modules: {' > '.join(way)}")


def check_all_circles(root, paths, report):
    known = {}
    for folder, *modules in source.read_table(HERE / "circles.txt"):
        known.setdefault(folder, set()).update(modules)
    folders = {}
    for path in paths:
        if path.parts[0] in ("broker", "lib"):
            folders.setdefault(path.parent.as_posix(), []).append(path)
    for folder, inside in folders.items():
        check_circles(root, folder, inside, known.get(folder, set()), report)


def main():
    arguments = source.arguments()
    report = source.Report()
    rules = {row[0]: row[1:] for row in source.read_table(HERE / "layers.txt")}
    externals = source.read_table(HERE / "external.txt")
    paths = source.files(arguments.root, ".c", ".h", ".h.in")
    for path in paths:
        check_file(arguments.root, path, rules, externals, report)
    check_all_circles(arguments.root, [path for path in paths if path.suffix != ".in"], report)
    report.end()


main()
