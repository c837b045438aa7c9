"""Writes calls of every function of the public headers with each of its pointers missing, what
they point to incomplete, and each of its sizes and numbers zero: one C function a call, for
test_arguments.c. What may be missing is in tables here; the rest has to be refused. A function
or a structure that is not understood is an error.

usage: arguments.py OUTPUT CPP ARGUMENT...   the preprocessor, and what it needs
"""
import re
import subprocess
import sys

# What stands for an argument of that type; a function that is not here has "scratch".
VALUES = {
    "const char *": "valid->name",
    "const char *const *": "valid->words",
    "relevo_queue *const *": "&valid->kinds.queue",
    "const relevo_tuple *const *": "(const relevo_tuple *const *)&valid->tuple",
    "relevo_pipe *const *": "&valid->pipe",
    "const struct relevo_bytes *": "&valid->bytes",
    "struct relevo_system_info *": "NULL",
    "const struct relevo_input *": "&(const struct relevo_input){ .next = give_end }",
    "relevo_item *": "&valid->item",
    "const relevo_item *": "&valid->item",
    "double": "0.0",
    "relevo_job *": "valid->job",
    "relevo_imap *": "valid->imap",
    "relevo_reply *": "valid->reply",
    "const ProtobufCMessage *": "&valid->message.base",
    "const ProtobufCMessageDescriptor *": "&relevo__queue_stats__descriptor",
}

KINDS = "queue lock rlock semaphore condition event barrier value array shared".split()
OBJECTS = KINDS + "session tuple pipe listener process program pool system_process".split()

# The arguments of those in which NULL would make them go on, and not come back.
ONLY = {"relevo_process_enter": {"argv"}, "relevo_worker_serve": {"pool"}}

# What may be NULL: by the name of the parameter, and by that of the function.
ALWAYS_OPTIONAL = {"options", "user", "grant", "owner_died"}
OPTIONAL = {
    "relevo_session_open": {"url"},
    "relevo_session_close": {"session"},
    "relevo_listener_open": {"address"},
    "relevo_queue_get_any": {"which"},
    "relevo_queue_lease_any": {"which"},
    "relevo_queue_put_many": {"accepted"},
    "relevo_queue_purge": {"count"},
    "relevo_barrier_wait": {"index"},
    "relevo_set_go_on": {"go_on"},
    "relevo_value_add": {"result"},
    "relevo_array_add": {"result"},
    "relevo_tuple_text": {"size"},
    "relevo_tuple_bytes": {"size"},
    "relevo_job_get": {"count"},
    "relevo_program_run": {"output"},
    "relevo_program_wait": {"exit_code"},
    "relevo_program_exit_code": {"exit_code"},
    "relevo_program_communicate": {"input"},
}


def is_optional(function, parameter):
    """A value of a tuple need not have a name, nor an object that is opened."""
    nameless = re.fullmatch(r"relevo_(tuple_add_\w+|(?!pipe)\w+_open)", function)
    return (parameter in ALWAYS_OPTIONAL or parameter in OPTIONAL.get(function, ())
            or parameter == "name" and nameless is not None)


# These return a number, -1 for none.
NUMBERS = re.compile(r"relevo_(program|system)_(pid|sentinel|\w+_fd)")


# Structures that say how many there are of what is not there.
INCOMPLETE = {
    "relevo_bytes": ["NULL, 5"],
    "relevo_session_options": [".key = { NULL, 20 }", ".key = { \"x\", 1 }"],
    "relevo_listener_options": [".key = { NULL, 20 }", ".key = { \"x\", 1 }"],
    "relevo_header": ["NULL", '"x", NULL, 9'],
    "relevo_put_options": [
        ".key_size = 3", ".header_count = 3",
        ".headers = &(struct relevo_header){ 0 }, .header_count = 1",
        '.headers = &(struct relevo_header){ "x", NULL, 9 }, .header_count = 1',
    ],
    "relevo_program_options": [".keep_count = 1"],
    "relevo_run_options": [".program.keep_count = 1"],
    "relevo_shared_options": [".initial_size = 8"],
    "relevo_pool_options": [".processes = 1, .initializer_argument.size = 3"],
    "relevo_input": [".next = NULL", ".next = give_nothing"],
}

# What relevo_imap_next() refuses.
ASKED_LATER = {("relevo_pool_imap", ".next = give_nothing")}

# The library fills them.
OUTCOMES = {
    "relevo_item", "relevo_result", "relevo_results", "relevo_program_output",
    "relevo_system_info", "relevo_system_file", "relevo_session_info", "relevo_grant",
}


# They are handed over in pointers that are not const.
WRITTEN_TO = {"relevo_place", "relevo_wait_entry"}

# What else has to be there in a structure that is refused for its reserved words.
NEEDED = {
    "relevo_input": ".next = give_end, ",
    "relevo_wait_entry": ".what = RELEVO_WAIT_FOR_QUEUE, .queue = valid->kinds.queue, ",
}


def reserved_of(name, structures, before=""):
    """The reserved words of a structure and those within it, as (designator, tag)."""
    members = structures[name]
    room = re.search(r"\breserved\[(\d+)\];\s*$", members)
    if room:
        yield f"{before}.reserved[0]", name
        yield f"{before}.reserved[{int(room[1]) - 1}]", name
    for inner, names in re.findall(r"struct (relevo_\w+) (\w+(?:, \w+)*);", members):
        for member in names.split(", "):
            yield from reserved_of(inner, structures, f"{before}.{member}")


def refuse_what_is_newer(text):
    """What may be handed over, with something in its reserved words: {(structure, members): tag}."""
    structures = dict(re.findall(r"struct (relevo_\w+)\s*\{((?:[^{}]|\{[^{}]*\})*)\}", text))
    newer = {}
    for name in structures:
        if name in OUTCOMES or name not in WRITTEN_TO and f"const struct {name} *" not in text:
            continue
        for word, tag in reserved_of(name, structures):
            if tag not in OUTCOMES:
                members = f"{NEEDED.get(name, '')}{word} = 1"
                INCOMPLETE.setdefault(name, []).append(members)
                newer[name, members] = tag
    header = ".headers = &(struct relevo_header){ .name = \"x\", .reserved[0] = 1 }, .header_count = 1"
    INCOMPLETE["relevo_put_options"].append(header)
    newer["relevo_put_options", header] = "relevo_header"
    return newer


def check_structures(text):
    """Each that has a pointer and, behind it, a size, is in one of these tables."""
    for name, members in re.findall(r"struct (relevo_\w+)\s*\{([^}]*)\}", text):
        pair = re.search(r"\*\s*\w+;\s*size_t ", members)
        if pair and name not in INCOMPLETE and name not in OUTCOMES:
            sys.exit(f"struct {name}: what if its pointer is NULL, and its size is not 0?")


def prototypes(text):
    text = re.sub(r"""__attribute__\(\(visibility\("default"\)\)\)""", "", text)
    text = re.sub(r"__attribute__\(\(.*?\)\)(?=;)", "", text)
    text = re.sub(r"\btypedef\b[^;{]*;", "", text)
    found = re.findall(r"^\s*((?:const |enum |struct )*\w+[\s*]+relevo_\w+\s*\([^;{]*\))[^;{]*;", text, re.M)
    names = {re.search(r"(relevo_\w+)\s*\(", one)[1] for one in found}
    missed = set(re.findall(r"\b(relevo_\w+)\s*\(", text)) - names
    if missed:
        sys.exit(f"not understood: {', '.join(sorted(missed))}")
    return [" ".join(one.split()) for one in found]


def split(inside):
    """At the commas that stand in no brackets."""
    parts, depth, part = [], 0, ""
    for letter in inside:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append(part.strip())
            part = ""
        else:
            part += letter
    return parts + [part.strip()]


def type_of(parameter):
    if "(*" in parameter or parameter.endswith("]"):
        return "pointer"
    return re.sub(r"\w+$", "", parameter).strip()


def value_of(name, parameter):
    kind = type_of(parameter)
    if parameter == "const char *format":
        return '"x"'
    if parameter == "const char *text":
        return "valid->text"
    if parameter == "size_t index" and name.startswith("relevo_tuple_"):
        of = name.removeprefix("relevo_tuple_").removeprefix("take_")
        return f"RELEVO_TUPLE_{of.upper()}" if of not in ("kind", "name", "url") else "7"
    if parameter == "size_t size":
        return "4"
    if kind in VALUES:
        return VALUES[kind]
    for name in OBJECTS:
        if kind in (f"relevo_{name} *", f"const relevo_{name} *"):
            return f"valid->kinds.{name}" if name in KINDS else f"valid->{name}"
    if kind == "pointer" or kind.startswith("relevo_") and not kind.endswith("**") \
            and kind.endswith("*"):
        return "NULL"
    if kind.endswith("*"):
        return "(void *)valid->scratch"
    return "1" if kind in ("size_t", "uint64_t") else "0"


def is_pointer(parameter):
    kind = type_of(parameter)
    return kind == "pointer" or kind.endswith("*")


def name_of(parameter):
    bare = re.sub(r"\[\d*\]$", "", parameter)
    function = re.search(r"\(\*(\w+)\)", bare)
    return function[1] if function else re.search(r"\w+$", bare)[0]


def with_one(values, place, value):
    changed = list(values)
    changed[place] = value
    return changed


def parts_missing(parameters, values, place):
    """The argument is there, and something in it is not: (what, values)."""
    parameter = parameters[place]
    kind = type_of(parameter)
    structure = re.fullmatch(r"(?:const )?struct (\w+) \*", kind)
    for members in INCOMPLETE.get(structure[1], []) if structure else []:
        yield members, with_one(values, place, f"&(struct {structure[1]}){{ {members} }}")
    array = re.fullmatch(r"((?:const )?relevo_\w+) \*const \*", kind)
    if array and place + 1 < len(parameters) and parameters[place + 1] == "size_t count":
        valid = values[place].removeprefix("&")
        valid = "valid->tuple" if "valid->tuple" in valid else valid
        for elements in (["NULL"], [valid, "NULL"]):
            given = with_one(values, place, f"({array[1]} *const[]){{ {', '.join(elements)} }}")
            yield ", ".join(elements), with_one(given, place + 1, str(len(elements)))


def calls(prototype):
    """Each call with one argument missing or zero, or newer than the library, as (what, C, whether
    it has to be refused, the structure and its members)."""
    head, inside = prototype.split("(", 1)
    name = re.search(r"relevo_\w+$", head.strip())[0]
    has_status = head.split("relevo_")[0].strip() == "int" and not NUMBERS.fullmatch(name)
    parameters = [p for p in split(inside[:inside.rindex(")")]) if p != "..."]
    if parameters == ["void"]:
        return
    values = [value_of(name, parameter) for parameter in parameters]

    def call(changed):
        made = f"{name}({', '.join(changed)})"
        return f"return {made};" if has_status else f"(void){made};\n\treturn RELEVO_OK;"

    for place, parameter in enumerate(parameters):
        if name in ONLY and name_of(parameter) not in ONLY[name]:
            continue
        optional = is_optional(name, name_of(parameter))
        missing = "NULL" if is_pointer(parameter) else "0"
        yield (f"{name}: {parameter}", call(with_one(values, place, missing)),
               has_status and is_pointer(parameter) and not optional, None)
        structure = re.sub(r"const |struct | \*", "", type_of(parameter))
        for what, changed in parts_missing(parameters, values, place):
            refused = has_status and (name, what) not in ASKED_LATER
            yield f"{name}: {parameter} {{ {what} }}", call(changed), refused, (structure, what)
    if name not in ONLY:
        nothing = ["NULL" if is_pointer(p) else "0" for p in parameters]
        yield f"{name}: nothing", call(nothing), False, None


def main():
    output, *preprocess = sys.argv[1:]
    text = subprocess.run(preprocess, check=True, stdout=subprocess.PIPE, text=True).stdout
    check_structures(text)
    newer = refuse_what_is_newer(text)
    found = [call for prototype in prototypes(text) for call in calls(prototype)]
    with open(output, "w", encoding="utf-8") as file:
        for number, (_, call, _, _) in enumerate(found):
            file.write(f"static int call_{number}(struct valid *valid)\n{{\n"
                       f"\t(void)valid;\n\t{call}\n}}\n\n")
        file.write("static const struct argument_case cases[] = {\n")
        for number, (what, _, refused, members) in enumerate(found):
            what = what.replace('"', '\\"')
            tag = f'"struct {newer[members]}:"' if members in newer else "NULL"
            file.write(f'\t{{ "{what}", call_{number}, {"true" if refused else "false"}, {tag} }},\n')
        file.write("};\n")


main()
