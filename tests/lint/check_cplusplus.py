"""The example in C++ is built and run: by itself, since nothing else here takes a C++ compiler."""
import pathlib
import subprocess
import tempfile

import source

EXAMPLE = "clients/examples/pool_exceptions.cpp"
OUTPUT = "17; REMOTE: no number: "


def call(command, **how):
    """Output and whether it went well."""
    ran = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         timeout=60, **how)
    return ran.stdout.decode("utf-8", "replace"), ran.returncode == 0


def build(arguments, program):
    """Compile it; complaints, and whether it went well."""
    library = arguments.build / "lib"
    return call(["c++", "-std=c++11", "-Wall", "-Wextra", "-Werror", f"-I{arguments.root}/lib",
                 f"-I{library}", str(arguments.root / EXAMPLE), "-o", str(program),
                 f"-L{library}", "-lrelevo", f"-Wl,-rpath,{library}"])


def main():
    arguments = source.arguments()
    report = source.Report()
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "example"
        complaints, good = build(arguments, program)
        if good:
            complaints, good = call([str(program)])
            good = good and complaints.startswith(OUTPUT)
        if not good:
            report.add(EXAMPLE, 1, f"cannot be built, or does not do what it says: {complaints}")
    report.end()


main()
