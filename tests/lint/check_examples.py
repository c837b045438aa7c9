"""Examples are short, built and run; docs/examples.md has them all, with calls that they
make."""
import re

import source

MAX_LINES = 80
FOLDER = "clients/examples"
TESTS = "tests/integration/examples"
INDEX = "docs/examples.md"
LINK = re.compile(r"\]\(\.\./clients/examples/(\w+)\.c\)")
CALL = re.compile(r"`((?:relevo|RELEVO)_\w+)`")


def text_of(root, path):
    return source.read(root, path) if (root / path).exists() else ""


def examples(root, report):
    """Text of each example, by name; headers that they share are short too."""
    found = {}
    for path in source.files(root, ".c", ".h"):
        if path.parent.as_posix() != FOLDER:
            continue
        text = source.read(root, path)
        if text.count("\n") > MAX_LINES:
            report.add(path, MAX_LINES + 1, f"an example of more than {MAX_LINES} lines")
        if path.suffix == ".c":
            found[path.stem] = text
    if not found:
        report.add(FOLDER, 0, "there are no examples")
    return found


def check_used(root, names, report):
    """Each is built and run, as what is in no list is neither."""
    built = text_of(root, f"{FOLDER}/meson.build")
    run = "".join(source.read(root, path) for path in source.files(root, ".c")
                  if path.parent.as_posix() == TESTS)
    for name in sorted(names):
        if f"'{name}'" not in built:
            report.add(f"{FOLDER}/{name}.c", 1, f"is not in {FOLDER}/meson.build")
        if f'EXAMPLE("{name}")' not in run:
            report.add(f"{FOLDER}/{name}.c", 1, f"is run by no test in {TESTS}")


def check_index(text, found, report):
    """Its links lead to examples, all of them, that make the calls of their row."""
    linked = set()
    for number, line in enumerate(text.splitlines(), 1):
        names = LINK.findall(line)
        linked.update(names)
        for name in names:
            if name not in found:
                report.add(INDEX, number, f"there is no example {name}.c")
        sources = "".join(found.get(name, "") for name in names)
        for call in CALL.findall(line) if names else []:
            if not re.search(rf"\b{call}\b", sources):
                report.add(INDEX, number, f"{call} is not used there")
    for name in sorted(set(found) - linked):
        report.add(f"{FOLDER}/{name}.c", 1, f"is not in {INDEX}")


def main():
    arguments = source.arguments()
    report = source.Report()
    found = examples(arguments.root, report)
    check_used(arguments.root, found, report)
    check_index(text_of(arguments.root, INDEX), found, report)
    report.end()


main()
