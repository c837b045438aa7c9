"""What the checks share: which files there are, and enough of C to count in."""
import argparse
import pathlib
import re
import subprocess
import sys


def arguments():
    """--root: the tree to look at; --build: where it was built."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path)
    return parser.parse_args()


def files(root, *endings):
    """The files of the project below `root`, without what is ignored by git."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others",
         "--exclude-standard"],
        cwd=root, check=False, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )
    if listed.returncode == 0:
        names = [name for name in listed.stdout.decode().split("\0") if name]
        paths = [pathlib.Path(name) for name in names]
    else:
        # An unpacked archive.
        paths = [path.relative_to(root) for path in root.rglob("*")]
        paths = [path for path in paths if not path.parts[0].startswith(("build", ".git"))]
    return sorted(
        path for path in set(paths)
        if (root / path).is_file() and (not endings or path.name.endswith(endings))
    )


def read(root, path):
    return (root / path).read_text(encoding="utf-8")


class Report:
    """Prints `file:line: what` and remembers that it did."""

    def __init__(self):
        self.findings = 0

    def add(self, path, line, what):
        print(f"{path}:{line}: {what}")
        self.findings += 1

    def end(self):
        sys.exit(1 if self.findings else 0)


TOKENS = re.compile(
    r'/\*.*?\*/|//(?:\\\n|[^\n])*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S
)


def without_comments(text):
    """C with comments gone and the insides of strings gone; lines stay."""

    def blank(match):
        found = match[0]
        lines = "\n" * found.count("\n")
        return lines + (" " if found[0] == "/" else found[0] + found[0])

    return TOKENS.sub(blank, text)


def without_directives(text):
    """The same without lines of the preprocessor; text is without comments."""
    return re.sub(
        r"^[ \t]*#(?:\\\n|[^\n])*", lambda match: "\n" * match[0].count("\n"), text, flags=re.M
    )


class Function:
    def __init__(self, name, parameters, first, last):
        self.name = name
        self.parameters = parameters  # how many
        self.first = first  # line of its first word
        self.last = last  # line of its end


def matching(text, start):
    """Where the bracket that opens at `start` closes."""
    pairs = {"(": ")", "{": "}", "[": "]"}
    opening, closing = text[start], pairs[text[start]]
    depth = 0
    for place in range(start, len(text)):
        if text[place] == opening:
            depth += 1
        elif text[place] == closing:
            depth -= 1
            if depth == 0:
                return place
    return len(text) - 1


def strip_attributes(head):
    """Attributes become spaces, so that places and lines stay."""
    while match := re.search(r"__attribute__\s*\(|_Alignas\s*\(|_Static_assert\s*\(", head):
        end = matching(head, match.end() - 1) + 1
        hidden = re.sub(r"[^\n]", " ", head[match.start():end])
        head = head[:match.start()] + hidden + head[end:]
    return head


def count_parameters(inside):
    if inside.strip() in ("", "void"):
        return 0
    depth = 0
    count = 1
    for letter in inside:
        depth += (letter in "([{") - (letter in ")]}")
        count += letter == "," and depth == 0
    return count


def parse_head(head):
    """Name and parameter count if the text declares a function, else None."""
    head = strip_attributes(head)
    match = re.match(r"[\s\w*]*?\b(\w+)\s*\(", head)
    if not match or re.match(r"\s*typedef\b", head):
        return None
    # A name needs a type before it: a macro that stands alone does not count.
    if not re.search(r"\w[\s*]+\w+\s*\($", match[0]):
        return None
    end = matching(head, match.end() - 1)
    if head[end + 1:].strip():
        return None
    return match[1], count_parameters(head[match.end():end])


def outer_pieces(text):
    """Each declaration or definition at the outermost level of C without
    comments and directives: its head, where it starts, and where it ends. The
    body of extern "C" counts as outermost."""
    start = place = 0
    while place < len(text):
        letter = text[place]
        if letter in "([":
            place = matching(text, place)
        elif letter == ";":
            yield text[start:place], start, place
            start = place + 1
        elif letter == "}":
            start = place + 1
        elif letter == "{":
            head = text[start:place]
            if re.search(r'extern\s+""\s*$', head):
                start = place + 1
            else:
                place = matching(text, place)
                # After a struct's or an initialiser's the declaration goes on.
                if not re.search(r"\b(struct|union|enum)\b[^()]*$|=\s*$", strip_attributes(head)) \
                        or parse_head(head):
                    yield head, start, place
                    start = place + 1
        place += 1


def functions(text):
    """Functions of a C text: (definitions, declarations)."""
    text = without_directives(without_comments(text))
    definitions, declarations = [], []
    for head, start, end in outer_pieces(text):
        parsed = parse_head(head)
        if not parsed and text[end] == "}":
            # Nothing with a body escapes, however strange its head.
            parsed = " ".join(head.split())[-40:], 0
        if not parsed:
            continue
        start += len(head) - len(head.lstrip())
        lines = text.count("\n", 0, start) + 1, text.count("\n", 0, end) + 1
        found = definitions if text[end] == "}" else declarations
        found.append(Function(*parsed, *lines))
    return definitions, declarations


def public_headers(root, build):
    """The headers a user gets, written and generated."""
    written = sorted((root / "lib/relevo").glob("*.h"))
    generated = sorted((build / "lib/relevo").glob("*.h")) if build else []
    return written + generated


def read_table(path):
    """Rows of words; lines that start with # are comments."""
    rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if row and not row[0].startswith("#")]
