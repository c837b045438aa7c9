"""Every function in a public header has a comment right above it, and every file of code opens
with what it is for."""
import source


def check_heads(root, report):
    for path in source.files(root, ".c"):
        ours = path.parts[0] in ("lib", "broker") or path.parts[:2] == ("clients", "cli")
        if ours and not source.read(root, path).startswith("/*"):
            report.add(path, 1, "does not open with what it is for")


def main():
    arguments = source.arguments()
    report = source.Report()
    check_heads(arguments.root, report)
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
