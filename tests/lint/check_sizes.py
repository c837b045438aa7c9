"""No file over 600 lines, no function over 60, none of more than 5 parameters; public ones may have 7,
since a structure in their place would be one more thing to learn."""
import ast
import pathlib

import source

MAX_FILE = 600
MAX_FUNCTION = 60
MAX_PARAMETERS = 5
MAX_PUBLIC_PARAMETERS = 7
COUNTED = (".c", ".h", ".in", ".py", ".sh", ".proto", "meson.build", "run")
EXCEPTIONS = pathlib.Path(__file__).with_name("parameters.txt")


def check_length(path, first, last, name, report):
    lines = last - first + 1
    if lines > MAX_FUNCTION:
        report.add(path, first, f"{name}() has {lines} lines, more than {MAX_FUNCTION}")


def check_c(path, text, exceptions, report):
    definitions, declarations = source.functions(text)
    for function in definitions:
        check_length(path, function.first, function.last, function.name, report)
    for function in definitions + declarations:
        public = function.name.startswith("relevo_")
        most = MAX_PUBLIC_PARAMETERS if public else MAX_PARAMETERS
        if function.parameters > exceptions.get(function.name, most):
            report.add(path, function.first,
                       f"{function.name}() has {function.parameters} parameters, "
                       f"more than {most}")


def check_python(path, text, report):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            check_length(path, node.lineno, node.end_lineno, node.name, report)


def read_exceptions():
    return {row[0]: int(row[1]) for row in source.read_table(EXCEPTIONS)}


def main():
    arguments = source.arguments()
    report = source.Report()
    exceptions = read_exceptions()
    for path in source.files(arguments.root, *COUNTED):
        text = source.read(arguments.root, path)
        lines = text.count("\n")
        if lines > MAX_FILE:
            report.add(path, MAX_FILE + 1, f"{lines} lines, more than {MAX_FILE}")
        if path.suffix in (".c", ".h"):
            check_c(path, text, exceptions, report)
        elif path.suffix == ".py":
            check_python(path, text, report)
    report.end()


main()
