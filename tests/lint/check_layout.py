"""Programs that were built before go on working: no public structure changes but into its reserved
words, and no constant changes, of those in tests/lint/layout.txt. On 64-bit systems, which lay
structures out alike.

With --write what is new is added to the table; what would break a program never is.
"""
import pathlib
import re
import subprocess
import sys
import tempfile

import source

TABLE = "tests/lint/layout.txt"
KINDS = "tests/lint/no_reserved.txt"
SKIPPED = 77
ADD = f"is not in {TABLE}, where check_layout.py --write puts it"


class Structure:
    def __init__(self, where, members):
        self.where = where  # header and line
        self.members = members


def declarations(body):
    """The pieces between the semicolons of a structure."""
    depth, start = 0, 0
    for place, letter in enumerate(body):
        depth += (letter in "({[") - (letter in ")}]")
        if letter == ";" and depth == 0:
            yield body[start:place]
            start = place + 1


def member_names(body):
    for declaration in declarations(body):
        inner = re.match(r"\s*(?:union|struct)\s*\{(.*)\}\s*$", declaration, re.S)
        function = re.search(r"\(\s*\*\s*(\w+)\s*\)\s*\(", declaration)
        if inner:
            yield from member_names(inner[1])
        elif function:
            yield function[1]
        else:
            for declarator in declaration.split(","):
                yield re.search(r"(\w+)\s*(?:\[[^]]*\]\s*)*$", declarator)[1]


def read_headers(arguments):
    """Structures by their tags, and where each constant is."""
    structures, constants = {}, {}
    for path in source.public_headers(arguments.root, arguments.build):
        text = source.without_comments(path.read_text(encoding="utf-8"))

        def where(place):
            return f"lib/relevo/{path.name}", text.count("\n", 0, place) + 1

        for match in re.finditer(r"^(?:typedef )?struct (\w+)\s*\{", text, re.M):
            body = text[match.end():source.matching(text, match.end() - 1)]
            structures[match[1]] = Structure(where(match.start()), list(member_names(body)))
        for match in re.finditer(r"^(?:typedef )?enum \w*\s*\{", text, re.M):
            body = text[match.end():source.matching(text, match.end() - 1)]
            for name in re.findall(r"(?:^|,)\s*(\w+)", body):
                constants[name] = where(match.start())
        for match in re.finditer(r'^#define[ \t]+(RELEVO_\w+)[ \t]+(?!__attribute__|"|\\)\S', text,
                                 re.M):
            if not match[1].startswith("RELEVO_VERSION"):
                constants[match[1]] = where(match.start())
    return structures, constants


def program(headers, structures, constants):
    """What prints the table."""
    lines = ["#include <stddef.h>", "#include <stdio.h>"]
    lines += [f"#include <relevo/{header.name}>" for header in headers]
    lines += ["int main(void)", "{", 'printf("pointers %zu\\n", sizeof(void *));']
    for tag, structure in sorted(structures.items()):
        lines.append(f'printf("struct {tag} %zu\\n", sizeof(struct {tag}));')
        for member in structure.members:
            lines.append(f'printf("member {tag}.{member} %zu %zu\\n", offsetof(struct {tag}, {member}), '
                         f"sizeof(((struct {tag} *)0)->{member}));")
    lines += [f'printf("constant {name} %lld\\n", (long long){name});' for name in sorted(constants)]
    return "\n".join([*lines, "return 0;", "}", ""])


def measure(arguments, structures, constants):
    """The rows of the table as they are now."""
    headers = source.public_headers(arguments.root, arguments.build)
    includes = [f"-I{arguments.root / 'lib'}"]
    includes += [f"-I{arguments.build / 'lib'}"] if arguments.build else []
    with tempfile.TemporaryDirectory() as folder:
        printer = pathlib.Path(folder) / "printer"
        subprocess.run(["cc", "-x", "c", "-", "-o", printer, *includes], check=True,
                       input=program(headers, structures, constants).encode())
        printed = subprocess.run([printer], check=True, stdout=subprocess.PIPE)
    rows = [line.split() for line in printed.stdout.decode().splitlines()]
    if rows[0] != ["pointers", "8"]:
        print("structures are compared on 64-bit systems only")
        sys.exit(SKIPPED)
    return rows[1:]


def by_name(rows):
    """{(kind, name): numbers}"""
    return {(row[0], row[1]): [int(number) for number in row[2:]] for row in rows}


class Comparison:
    """What was in the table with what is there now."""

    def __init__(self, before, now, kinds):
        self.before, self.now, self.kinds = before, now, kinds

    def structure(self, tag):
        """What breaks, of one structure."""
        had, has = self.before["struct", tag][0], self.now["struct", tag][0]
        grows = self.kinds.get(tag) == "shown" and has > had
        if has != had and not grows:
            yield (f"struct {tag} has {has} bytes and had {had}: a program built before has another "
                   "idea of where it ends")
        for (kind, name), place in self.before.items():
            if kind == "member" and name.split(".")[0] == tag:
                yield from self.member(name, place)
        for (kind, name), place in self.now.items():
            if kind == "member" and name.split(".")[0] == tag and (kind, name) not in self.before:
                yield from self.new_member(tag, name, place)

    def member(self, name, had):
        has = self.now.get(("member", name))
        if name.endswith(".reserved"):
            return
        if has is None:
            yield f"{name} is gone: a program that uses it cannot be built, or does so in vain"
        elif has[0] != had[0]:
            yield f"{name} is at {has[0]} and was at {had[0]}: a program built before has it there"
        elif has[1] != had[1]:
            yield f"{name} has {has[1]} bytes and had {had[1]}: a program built before has those"

    def new_member(self, tag, name, place):
        """Only in words that were reserved, or behind all that was shown, nobody has anything."""
        start, size = self.before.get(("member", f"{tag}.reserved"), (0, 0))
        inside = start <= place[0] and place[0] + place[1] <= start + size
        behind = self.kinds.get(tag) == "shown" and place[0] >= self.before["struct", tag][0]
        if not inside and not behind:
            yield (f"{name} takes no reserved words: a program built before has anything there, "
                   "and not 0")

    def constant(self, name):
        had, has = self.before["constant", name][0], self.now["constant", name][0]
        if had != has:
            yield f"{name} is {has} and was {had}: a program built before says {had}"

    def findings(self):
        """What breaks, as (name, what)."""
        for kind, name in self.before:
            if kind == "member":
                continue
            if (kind, name) not in self.now:
                yield name, f"{name} is gone: a program that uses it cannot be built any more"
                continue
            for what in self.structure(name) if kind == "struct" else self.constant(name):
                yield name, what


def check_reserved(structures, kinds, report):
    for tag, structure in structures.items():
        has = structure.members[-1:] == ["reserved"]
        if not has and tag not in kinds:
            report.add(*structure.where, f"struct {tag} does not end with reserved words; where the "
                       f"library alone makes it, say so in {KINDS}")
        if has and tag in kinds:
            report.add(KINDS, 1, f"{tag} has reserved words")
    for tag in kinds.keys() - structures.keys():
        report.add(KINDS, 1, f"there is no struct {tag}")


def write(table, rows):
    comments = [line for line in table.read_text(encoding="utf-8").splitlines()
                if line.startswith("#")]
    text = "\n".join([*comments, "", *(" ".join(row) for row in rows), ""])
    table.write_text(text, encoding="utf-8")


def read_kinds(path):
    return {row[0]: row[1] for row in source.read_table(path)} if path.exists() else {}


def main():
    writes = "--write" in sys.argv
    sys.argv = [word for word in sys.argv if word != "--write"]
    arguments = source.arguments()
    report = source.Report()
    table = arguments.root / TABLE
    structures, constants = read_headers(arguments)
    kinds = read_kinds(arguments.root / KINDS)
    check_reserved(structures, kinds, report)
    rows = measure(arguments, structures, constants)
    before, now = by_name(source.read_table(table)), by_name(rows)
    places = {**{tag: one.where for tag, one in structures.items()}, **constants}
    for name, what in Comparison(before, now, kinds).findings():
        report.add(*places.get(name, (TABLE, 1)), what)
    if writes and report.findings == 0:
        write(table, rows)
    elif report.findings == 0 and before != now:
        for kind, name in [key for key in now if now[key] != before.get(key)]:
            report.add(*places[name.split(".")[0]], f"{name} {ADD}")
    report.end()


main()
