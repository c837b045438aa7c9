"""Every function in a public header has a comment right above it."""
import source


def main():
    arguments = source.arguments()
    report = source.Report()
    for header in source.public_headers(arguments.root, arguments.build):
        text = header.read_text(encoding="utf-8")
        lines = text.splitlines()
        for function in source.functions(text)[1]:
            above = lines[function.first - 2].strip() if function.first > 1 else ""
            if not above.endswith("*/"):
                report.add(f"lib/relevo/{header.name}", function.first,
                           f"{function.name}() has no comment")
    report.end()


main()
