"""Writes calls of every function of the public headers with each of its pointers missing, and
each of its sizes and numbers zero: one C function a call, for test_arguments.c.

usage: arguments.py OUTPUT CPP ARGUMENT...   the preprocessor, and what it needs
"""
import re
import subprocess
import sys

# What stands for an argument of that type; a function that is not here has "scratch".
VALUES = {
    "const char *": "valid->name",
    "const char *const *": "valid->words",
    "relevo_queue *const *": "&valid->queue",
    "const relevo_tuple *const *": "(const relevo_tuple *const *)&valid->tuple",
    "relevo_pipe *const *": "&valid->pipe",
    "const struct relevo_bytes *": "&valid->bytes",
    "struct relevo_system_info *": "NULL",
    "struct relevo_system_file *": "NULL",
    "relevo_item *": "&valid->item",
    "const relevo_item *": "&valid->item",
    "double": "0.0",
}

OBJECTS = (
    "session queue lock rlock semaphore condition event barrier value array shared tuple pipe "
    "listener process program pool system_process"
).split()

# They do not come back, or are not about arguments.
LEFT_OUT = {"relevo_process_enter", "relevo_worker_serve"}


def prototypes(text):
    found = re.findall(r"^\s*((?:const |enum |struct )*\w+[\s*]+relevo_\w+\s*\([^;{]*\))[^;{]*;", text, re.M)
    return [" ".join(one.split()) for one in found if not one.startswith("typedef")]


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
            return f"valid->{name}"
    if kind == "pointer" or kind.startswith("relevo_") and not kind.endswith("**") \
            and kind.endswith("*"):
        return "NULL"
    if kind.endswith("*"):
        return "(void *)valid->scratch"
    return "1" if kind in ("size_t", "uint64_t") else "0"


def calls(prototype):
    """Each call with one argument missing or zero, as (what, C)."""
    head, inside = prototype.split("(", 1)
    name = re.search(r"relevo_\w+$", head.strip())[0]
    parameters = split(inside[:inside.rindex(")")])
    if name in LEFT_OUT or parameters == ["void"] or parameters[-1].startswith("..."):
        return
    values = [value_of(name, parameter) for parameter in parameters]
    for place, parameter in enumerate(parameters):
        kind = type_of(parameter)
        changed = list(values)
        changed[place] = "NULL" if kind == "pointer" or kind.endswith("*") else "0"
        yield f"{name}: {parameter}", f"{name}({', '.join(changed)})"
    nothing = ["NULL" if type_of(p) == "pointer" or type_of(p).endswith("*") else "0"
               for p in parameters]
    yield f"{name}: nothing", f"{name}({', '.join(nothing)})"


def main():
    output, *preprocess = sys.argv[1:]
    text = subprocess.run(preprocess, check=True, stdout=subprocess.PIPE, text=True).stdout
    found = [call for prototype in prototypes(text) for call in calls(prototype)]
    with open(output, "w", encoding="utf-8") as file:
        for number, (_, call) in enumerate(found):
            file.write(f"static void call_{number}(struct valid *valid)\n{{\n"
                       f"\t(void)valid;\n\t(void){call};\n}}\n\n")
        file.write("static const struct argument_case cases[] = {\n")
        for number, (what, _) in enumerate(found):
            file.write(f'\t{{ "{what}", call_{number} }},\n')
        file.write("};\n")


main()
