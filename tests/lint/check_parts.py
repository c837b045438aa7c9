"""A part of a waiter is read by the files of its kind alone: of another call it holds other bytes."""
import re

import source

PART = re.compile(r"\bof\.(\w+)")
OWNERS = {
    "get": {"queue_get.c"},
    "put": {"queue_put.c", "queue_putters.c"},
    "join": {"queue_join.c"},
    "move": {"queue_move.c"},
    "any": {"queue_any.c"},
    "cell": {"cell_wait.c"},
    "pipe": {"pipe.c"},
}


def main():
    arguments = source.arguments()
    report = source.Report()
    for path in source.files(arguments.root, ".c", ".h"):
        if path.parts[0] != "broker":
            continue
        text = source.without_comments(source.read(arguments.root, path))
        for number, line in enumerate(text.splitlines(), 1):
            for part in PART.findall(line):
                if path.name not in OWNERS.get(part, ()):
                    report.add(path, number, f"of.{part} is not this file's to look into")
    report.end()


main()
