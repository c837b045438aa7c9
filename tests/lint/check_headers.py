"""Every public header compiles by itself: as strict C11, and as C++."""
import os
import subprocess

import source

WARNINGS = ["-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
LANGUAGES = {
    "C11": ["cc", "-x", "c", "-std=c11", "-pedantic", "-Wstrict-prototypes"],
    "C++11": ["c++", "-x", "c++", "-std=c++11", "-pedantic"],
}


def main():
    arguments = source.arguments()
    report = source.Report()
    includes = [f"-I{arguments.root / 'lib'}"]
    if arguments.build:
        includes.append(f"-I{arguments.build / 'lib'}")
    for header in source.public_headers(arguments.root, arguments.build):
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
