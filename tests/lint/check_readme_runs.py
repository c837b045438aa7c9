"""The program in README.md runs and says what it says there, with nothing but what was built."""
import pathlib
import re
import subprocess
import tempfile

import source

PROGRAM = re.compile(r"^```c\n(.*?)^```$", re.M | re.S)
# A line that prints something says in a comment what.
EXPECTED = re.compile(r"printf\(.*/\* (.*) \*/$", re.M)


def output_of(text, arguments):
    library = arguments.build / "lib"
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "program"
        subprocess.run(["cc", "-x", "c", f"-I{arguments.root / 'lib'}", f"-I{library}", "-",
                        "-o", str(program), f"-L{library}", "-lrelevo", f"-Wl,-rpath,{library}"],
                       input=text.encode(), check=True)
        ran = subprocess.run([str(program)], check=True, timeout=60, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE)
    return ran.stdout.decode("utf-8", "replace").splitlines()


def main():
    arguments = source.arguments()
    report = source.Report()
    for match in PROGRAM.finditer(source.read(arguments.root, "README.md")):
        expected = EXPECTED.findall(match[1])
        said = output_of(match[1], arguments)
        if not expected or said != expected:
            report.add("README.md", 1, f"the program says {said}, not {expected}")
    report.end()


main()
