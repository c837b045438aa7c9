"""What the libraries export is what the public headers declare."""
import re
import subprocess

import source


def declared(root, build):
    """Name of each public function: (header, line)."""
    found = {}
    for header in source.public_headers(root, build):
        for function in source.functions(header.read_text(encoding="utf-8"))[1]:
            found[function.name] = (header.name, function.first)
    return found


def exported(*nm):
    """Global symbols that are defined, without their version."""
    listing = subprocess.run(["nm", "--defined-only", *nm], check=True, stdout=subprocess.PIPE)
    rows = [line.split() for line in listing.stdout.decode().splitlines()]
    return {row[2].split("@")[0] for row in rows if len(row) == 3 and row[1] != "A"}


def compare(library, symbols, functions, report):
    for symbol in sorted(symbols - functions.keys()):
        report.add(library, 0, f"{symbol} is exported and in no public header")
    for symbol in sorted(symbols):
        if not re.match(r"relevo_[a-z]", symbol):
            report.add(library, 0, f"{symbol} does not start with relevo_")
    for name in sorted(functions.keys() - symbols):
        header, line = functions[name]
        report.add(f"lib/relevo/{header}", line, f"{name}() is not in {library}")


def main():
    arguments = source.arguments()
    report = source.Report()
    lib = arguments.build / "lib"
    functions = declared(arguments.root, arguments.build)
    shared = exported("--dynamic", lib / "librelevo.so")
    static = exported("--extern-only", lib / "librelevo.a")
    compare("librelevo.so", shared, functions, report)
    compare("librelevo.a", static, functions, report)
    report.end()


main()
