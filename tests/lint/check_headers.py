"""Every public header compiles by itself: as strict C11, and as C++. Constants carry their enum's name."""
import os
import re
import subprocess

import source

WARNINGS = ["-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
LANGUAGES = {
    "C11": ["cc", "-x", "c", "-std=c11", "-pedantic", "-Wstrict-prototypes"],
    "C++11": ["c++", "-x", "c++", "-std=c++11", "-pedantic"],
}


ENUM = re.compile(r"\benum relevo_(\w+) \{([^}]*)\}")
# What every call returns is known by itself.
BARE = {"status"}


def check_constants(path, text, report):
    """RELEVO_TUPLE_INT of enum relevo_tuple_type: all of the name, or all but its last word."""
    text = re.sub(r"/\*.*?\*/", lambda comment: "\n" * comment[0].count("\n"), text, flags=re.S)
    for enum in ENUM.finditer(text):
        words = enum[1].upper().split("_")
        starts = ["_".join(["RELEVO", *words, ""])]
        if len(words) > 1:
            starts.append("_".join(["RELEVO", *words[:-1], ""]))
        for constant in re.finditer(r"\bRELEVO_\w+(?=\s*[=,}]|\s*$)", enum[2], re.M):
            if enum[1] not in BARE and not constant[0].startswith(tuple(starts)):
                line = text.count("\n", 0, enum.start(2) + constant.start()) + 1
                report.add(path, line, f"{constant[0]} does not carry the name of relevo_{enum[1]}")


# What can be used without a broker, and so brings nothing of one.
NEEDS_NO_BROKER = {"types.h", "version.h", "program.h", "system.h", "pipe.h", "tuple.h"}


def check_needs(header, includes, report):
    """All that such a header includes, by whatever way, is one of them."""
    if header.name not in NEEDS_NO_BROKER:
        return
    listed = subprocess.run(["cc", "-x", "c", "-M", *includes, str(header)], check=False,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    for path in re.findall(r"\S*/relevo/\S+\.h", listed.stdout.decode("utf-8", "replace")):
        name = os.path.basename(path)
        if name not in NEEDS_NO_BROKER | {"status.h", "export.h"}:
            report.add(f"lib/relevo/{header.name}", 1, f"needs no broker, but includes {name}")


def main():
    arguments = source.arguments()
    report = source.Report()
    includes = [f"-I{arguments.root / 'lib'}"]
    if arguments.build:
        includes.append(f"-I{arguments.build / 'lib'}")
    for header in source.public_headers(arguments.root, arguments.build):
        check_needs(header, includes, report)
        check_constants(f"lib/relevo/{header.name}", header.read_text(encoding="utf-8"), report)
        for language, command in LANGUAGES.items():
            # Twice: the guard is part of the header.
            text = f"#include <relevo/{header.name}>\n" * 2 + "typedef int not_empty;\n"
            compiled = subprocess.run(
                [*command, *WARNINGS, *includes, "-"], input=text.encode(), check=False,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                env={**os.environ, "LC_ALL": "C"},
            )
            if compiled.returncode != 0:
                report.add(f"lib/relevo/{header.name}", 1, f"does not compile alone as {language}")
                print(compiled.stdout.decode("utf-8", "replace"))
    report.end()


main()
