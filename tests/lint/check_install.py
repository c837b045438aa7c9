"""What is installed is enough to build a program, with pkg-config alone, and runs."""
import os
import pathlib
import subprocess
import tempfile

import source

PROGRAM = """
#include <relevo/relevo.h>
#include <string.h>

int main(void)
{
	return strcmp(relevo_error_name(RELEVO_TIMED_OUT), "TIMED_OUT") == 0 ? 0 : 1;
}
"""


def call(command, **how):
    """Output and whether it went well."""
    ran = subprocess.run(
        command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **how
    )
    return ran.stdout.decode("utf-8", "replace"), ran.returncode == 0


def flags(package_file, top, *which):
    """What pkg-config says, of the files below `top`."""
    environment = {**os.environ, "PKG_CONFIG_PATH": str(package_file.parent),
                   "PKG_CONFIG_SYSROOT_DIR": ""}
    prefix = package_file.read_text(encoding="utf-8").splitlines()[0].split("=")[1]
    answer, good = call(
        ["pkg-config", f"--define-variable=prefix={top}{prefix}", *which, "relevo"],
        env=environment,
    )
    return answer.split() if good else []


def try_program(folder, name, options, library_path):
    """Build and run it; what went wrong, or nothing."""
    program = pathlib.Path(folder) / name
    complaints, good = call(
        ["cc", "-x", "c", "-", "-x", "none", "-o", program, *options], input=PROGRAM.encode()
    )
    if not good:
        return f"cannot be built: {complaints}"
    environment = {**os.environ, "LD_LIBRARY_PATH": str(library_path)}
    complaints, good = call([program], env=environment)
    return "" if good else f"does not run: {complaints}"


def try_client(top):
    """Whether the client that is installed starts, wherever that is; what went wrong, or nothing."""
    client = next(pathlib.Path(top).rglob("bin/relevo"))
    system = client.parents[1] in (pathlib.Path(f"{top}/usr"), pathlib.Path(f"{top}/usr/local"))
    environment = {name: value for name, value in os.environ.items() if name != "LD_LIBRARY_PATH"}
    if system:
        environment["LD_LIBRARY_PATH"] = str(next(pathlib.Path(top).rglob("librelevo.so")).parent)
    complaints, good = call([client, "--version"], env=environment)
    return "" if good else f"does not start: {complaints}"


def main():
    arguments = source.arguments()
    report = source.Report()
    with tempfile.TemporaryDirectory() as top:
        complaints, good = call(["meson", "install", "--quiet", "--no-rebuild", "-C",
                                 arguments.build, "--destdir", top])
        package_files = list(pathlib.Path(top).rglob("relevo.pc"))
        if not good or not package_files:
            report.add("meson.build", 0, f"cannot be installed: {complaints}")
            report.end()
        libraries = package_files[0].parents[1]
        shared = flags(package_files[0], top, "--cflags", "--libs")
        static = flags(package_files[0], top, "--cflags", "--libs", "--static")
        static = ["-l:librelevo.a" if flag == "-lrelevo" else flag for flag in static]
        wrong = try_client(top)
        if wrong:
            report.add("clients/cli/meson.build", 0, f"relevo {wrong}")
        for name, options in (("shared", shared), ("static", static)):
            wrong = try_program(top, name, options, libraries)
            if wrong:
                report.add("lib/meson.build", 0, f"a program, {name}, {wrong}")
    report.end()


main()
