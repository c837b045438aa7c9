"""A program may have functions of the names that relevo uses inside."""
import pathlib
import subprocess
import tempfile

import source

HERE = pathlib.Path(__file__).parent


def build(arguments, program):
    """The compiler's complaints."""
    built = subprocess.run(
        ["cc", "-std=c11", "-Wall", "-Werror", f"-I{arguments.root / 'lib'}",
         f"-I{arguments.build / 'lib'}", HERE / "own_names.c", "-o", program,
         arguments.build / "lib/librelevo.a", "-lprotobuf-c", "-lproc2", "-lnng", "-lmbedcrypto",
         "-pthread"],
        check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )
    return "" if built.returncode == 0 else built.stdout.decode("utf-8", "replace")


def main():
    arguments = source.arguments()
    report = source.Report()
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "program"
        complaints = build(arguments, program)
        if complaints:
            report.add("tests/lint/own_names.c", 1, "cannot be linked with librelevo.a")
            print(complaints)
        elif subprocess.run([program], check=False).returncode != 0:
            report.add("tests/lint/own_names.c", 1, "librelevo.a called the program's functions")
    report.end()


main()
