"""Programs and libraries of two versions run together: a library is built whose barriers have new
members where there were reserved words, of the parts of this one, and a program of either version
runs with the library of the other."""
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import tempfile

import source

HEADER = "lib/relevo/barrier.h"
PARTS = "lib/liblibrary.a.p/"

# Opens a barrier with options, and has its state told into room with something behind it.
PROGRAM = """
#include <relevo/relevo.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
	const struct relevo_barrier_options options = { .parties = 1, OPTION };
	struct {
		struct relevo_barrier_state state;
		unsigned char behind[64];
	} room;
	unsigned char before[sizeof room.behind];
	relevo_session *session;
	relevo_barrier *barrier;
	uint32_t index = 7;
	memset(&room, 0xa5, sizeof room);
	memset(before, 0xa5, sizeof before);
	int status = relevo_session_open(NULL, NULL, &session);
	if (status == RELEVO_OK)
		status = relevo_barrier_open(session, NULL, &options, &barrier);
	if (status == RELEVO_OK)
		status = relevo_barrier_wait(barrier, 10000, &index);
	if (status == RELEVO_OK)
		status = relevo_barrier_inspect(barrier, &room.state);
	if (status != RELEVO_OK)
		return printf("%s: %s\\n", relevo_error_name(status), relevo_error_detail()), 1;
	if (index != 0 || room.state.parties != 1 || room.state.broken || ROUNDS != 0 ||
	    memcmp(room.behind, before, sizeof before) != 0)
		return printf("index %u, parties %u\\n", index, room.state.parties), 1;
	relevo_barrier_close(barrier);
	relevo_session_close(session);
	return printf("done\\n"), 0;
}
"""


def call(command, **how):
    """Output and whether it went well."""
    ran = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         timeout=60, **how)
    return ran.stdout.decode("utf-8", "replace"), ran.returncode == 0


def must(command, **how):
    complaints, good = call(command, **how)
    if not good:
        raise RuntimeError(f"{shlex.join(map(str, command))}: {complaints}")
    return complaints


def grow(text):
    """The header with a new option, and something new that is told."""
    for tag, member in (("relevo_barrier_options", "int64_t patience"),
                        ("relevo_barrier_state", "uint64_t rounds")):
        text, count = re.subn(rf"(struct {tag} \{{[^}}]*?\t)uint64_t reserved\[RELEVO_RESERVED\];",
                              rf"\1{member};\n\tuint64_t reserved[RELEVO_RESERVED - 1];", text)
        if count != 1:
            raise RuntimeError(f"there are no reserved words in struct {tag}")
    return text


def move(text):
    """The header with a new option in front of the others: that is to be noticed."""
    return text.replace("struct relevo_barrier_options {", "struct relevo_barrier_options {\n"
                        "\tint64_t patience, more, still_more;")


class Library:
    """The library with another header, in a folder of its own."""

    def __init__(self, arguments, folder, change):
        self.build = arguments.build
        self.folder = folder
        self.includes = folder / "include"
        header = self.includes / "relevo" / pathlib.Path(HEADER).name
        header.parent.mkdir(parents=True)
        header.write_text(change((arguments.root / HEADER).read_text(encoding="utf-8")),
                          encoding="utf-8")

    def parts_with_header(self):
        """The objects that were made with the header."""
        listing = must(["ninja", "-C", self.build, "-t", "deps"])
        for entry in listing.split("\n\n"):
            target = re.match(r"(?:ninja: .*\n)?(\S+): #deps", entry)
            if target and target[1].startswith(PARTS) and f"/{HEADER}\n" in entry + "\n":
                yield target[1]

    def compile(self, entry):
        """One part, again."""
        command = shlex.split(entry["command"])
        if pathlib.Path(command[0]).name == "ccache":
            del command[0]
        made = self.folder / pathlib.Path(entry["output"]).name
        command[command.index("-o") + 1] = str(made)
        command[command.index("-MF") + 1] = f"{made}.d"
        must([command[0], f"-I{self.includes}", *command[1:]], cwd=self.build)
        return entry["output"], str(made)

    def make(self):
        commands = json.loads((self.build / "compile_commands.json").read_text(encoding="utf-8"))
        parts = {entry["output"]: entry for entry in commands if entry["output"].startswith(PARTS)}
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            again = dict(pool.map(self.compile, [parts[name] for name in self.parts_with_header()]))
        if not again:
            raise RuntimeError(f"nothing is made with {HEADER}")
        library = os.readlink(self.build / "lib" / "librelevo.so.0")
        linking = must(["ninja", "-C", self.build, "-t", "commands", f"lib/{library}"])
        command = shlex.split(linking.strip().splitlines()[-1])
        command[command.index("-o") + 1] = str(self.folder / "librelevo.so.0")
        place = command.index(PARTS.removesuffix(".p/"))
        command[place:place + 1] = [again.get(name, name) for name in parts]
        must(command, cwd=self.build)
        return self.folder


def build_program(arguments, folder, name, option, *includes):
    """A program with the option, of the headers that come first."""
    rounds = "room.state.rounds" if includes else "0"
    library = arguments.build / "lib"
    program = folder / name
    must(["cc", "-x", "c", "-", "-x", "none", f"-DOPTION={option}", f"-DROUNDS={rounds}", *includes,
          f"-I{arguments.root}/lib", f"-I{library}", "-o", program, f"-L{library}", "-lrelevo"],
         input=PROGRAM.encode())
    return program


def check(arguments, folder, report):
    old = arguments.build / "lib"
    grown = Library(arguments, folder / "grown", grow)
    newer = f"-I{grown.includes}"
    before = build_program(arguments, folder, "before", ".timeout = 10000")
    after = build_program(arguments, folder, "after", ".timeout = 10000", newer)
    using = build_program(arguments, folder, "using", ".patience = 5", newer)
    moved = Library(arguments, folder / "moved", move).make()
    new = grown.make()
    version = re.search(r'VERSION +"(.*)"', (old / "relevo/version.h").read_text(encoding="utf-8"))
    refused = "BAD_ARGUMENT: struct relevo_barrier_options: its reserved words are not 0: "
    for what, program, library, expected in (
            ("a program with its library", before, old, "done"),
            ("a program built before, with a library that has grown", before, new, "done"),
            ("a new program, with the library before", after, old, "done"),
            ("one that uses a new option, with the library before", using, old, refused),
            ("the same with the version", using, old, f"the library's {version[1]},"),
            ("one that uses a new option, with the new library", using, new, "done"),
            ("a program built before, with options that moved", before, moved, "BAD_ARGUMENT"),
    ):
        environment = {**os.environ, "LD_LIBRARY_PATH": str(library),
                       "RELEVO_BROKER": str(arguments.build / "broker" / "relevod")}
        output, _ = call([program], env=environment)
        if expected not in output:
            report.add(HEADER, 1, f"{what}: \"{output.strip()}\" and not \"{expected}\"")


def main():
    arguments = source.arguments()
    report = source.Report()
    with tempfile.TemporaryDirectory() as folder:
        check(arguments, pathlib.Path(folder), report)
    report.end()


main()
