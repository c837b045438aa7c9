"""Small trees that the checks must refuse, with what they must say, and small
trees that they must let pass. A tree is {path: text}."""

NEED_BUILD = {"exports", "static"}

LONG_FUNCTION = "int f(void)\n{\n" + "\tg();\n" * 58 + "}\n"
# 60 lines and no more, whatever stands in them.
FITTING_FUNCTION = (
    "static __attribute__((unused)) struct s *f(int (*call)(int, int, int), const char *s)\n{\n"
    + "\tg('}', \"{\"); /* } */\n" * 57 + "}\n"
)
HEADER = "#ifndef A\n#define A\n{}\n#endif\n"
SETTER = "/* Set it. */\nint relevo_set(int value);"

# A structure and a constant as programs were built with them.
LAYOUT = """struct relevo_a 32
member relevo_a.first 0 4
member relevo_a.second 8 8
member relevo_a.reserved 16 16
constant RELEVO_A 1
"""


def layout(members, constant="enum e { RELEVO_A = 1 };", table=LAYOUT, kinds=""):
    """A tree with them as they are now."""
    header = f"#include <stdint.h>\n{constant}\nstruct relevo_a {{\n{members}\n}};\n"
    return {"lib/relevo/a.h": header, "tests/lint/layout.txt": table,
            "tests/lint/no_reserved.txt": kinds}


# An example as it has to be.
EXAMPLE = "clients/examples/one.c"
EXAMPLES = {
    EXAMPLE: "int main(void)\n{\n\trelevo_session_open();\n}\n",
    "clients/examples/meson.build": "foreach name : [\n  'one',\n]\n",
    "clients/examples/large/part.c": "\n" * 81,
    "tests/integration/examples/test_one.c": 'void f(void)\n{\n\trun(EXAMPLE("one"));\n}\n',
    "docs/examples.md": "# Examples\n\n| [one](../clients/examples/one.c) | `relevo_session_open` |\n",
}

BAD = {
    "includes": [
        ({"lib/base/a.c": '#include "wire/frame.h"\n'},
         "lib/base/a.c:1: lib/base must not include wire/frame.h"),
        ({"lib/base/a.c": "\n#include <nng/nng.h>\n"}, "lib/base/a.c:2:"),
        ({"lib/transport/channel.c": "#include <nng/nng.h>\n"}, "lib/transport/channel.c:1:"),
        ({"lib/session/a.c": '#include "net/loop.h"\n'}, "must not include net/loop.h"),
        ({"lib/session/a.c": '#include "queue/queue.h"\n'}, "must not include"),
        ({"broker/engine/a.c": '#include "store/store.h"\n'}, "must not include store/store.h"),
        ({"broker/stock/a.c": '#include "leases/lease.h"\n'}, "must not include leases/lease.h"),
        ({"broker/cells/a.c": '#include "queues/manage.h"\n'}, "must not include queues/manage.h"),
        ({"broker/engine/a.c": '#include "header.pb-c.h"\n'}, "must not include header.pb-c.h"),
        ({"broker/net/a.c": '#include "engine/engine.h"\n'}, "must not include"),
        ({"clients/cli/a.c": '#include "base/list.h"\n'}, "must not include base/list.h"),
        ({"tests/integration/a.c": '#include "wire/frame.h"\n'}, "must not include"),
        ({"lib/wire/a.c": '#include "frame.h"\n'}, 'should be written "layer/file.h"'),
        ({"lib/wire/a.c": '#include "frame.h"\n', "lib/wire/frame.h": "\n"}, "should be written"),
        ({"broker/a.c": '#include "b.h"\n'}, "should be written"),
        ({"lib/extra/a.c": "\n"}, "lib/extra is not in tests/lint/layers.txt"),
        ({"broker/engine/a.h": '#include "engine/b.h"\n', "broker/engine/b.h": "\n",
          "broker/engine/b.c": '\n#include "engine/a.h"\n'},
         "broker/engine/a.h:1: a circle of modules: a > b > a"),
        ({"lib/base/a.c": '#include "base/b.h"\n', "lib/base/a.h": "\n",
          "lib/base/b.c": '\n#include "base/c.h"\n', "lib/base/b.h": "\n",
          "lib/base/c.c": '#include "base/a.h"\n', "lib/base/c.h": "\n"},
         "lib/base/a.c:1: a circle of modules: a > b > c > a"),
        ({"lib/wire/channel.c": '#include "wire/more.h"\n', "lib/wire/channel.h": "\n",
          "lib/wire/more.h": '#include "wire/channel.h"\n'},
         "a circle of modules: channel > more > channel"),
        ({"lib/session/call.c": "\n"}, "call is in no circle any more"),
    ],
    "parts": [
        ({"broker/engine/peer_look.c": "\nx = waiter->of.get.queue;\n"},
         "peer_look.c:2: of.get is not this file's to look into"),
        ({"broker/engine/queue_get.c": "x = &waiter->of.pipe;\n"}, "queue_get.c:1: of.pipe"),
        ({"broker/engine/pipe.c": "x = waiter->of.pope;\n"}, "pipe.c:1: of.pope"),
    ],
    "environment": [
        ({"lib/session/a.c": "\nchar *a = getenv(\"A\");\n"}, "lib/session/a.c:2: getenv()"),
        ({"broker/a.c": "int b = f(getenv (n));\n"}, "broker/a.c:1:"),
        ({"clients/cli/a.c": "x = getenv(n);\n"}, "clients/cli/a.c:1:"),
    ],
    "sizes": [
        ({"lib/a.c": "\n" * 601}, "lib/a.c:601: 601 lines"),
        ({"tests/a.py": "\n" * 601}, "tests/a.py:601:"),
        ({"lib/a.c": "\n" + LONG_FUNCTION}, "lib/a.c:2: f() has 61 lines"),
        ({"lib/a.c": "ODD(x)(y)\n{\n" + "\tg();\n" * 60 + "}\n"}, "has 63 lines"),
        ({"lib/a.c": "struct s {\n\tint i;\n};\n" + LONG_FUNCTION}, "lib/a.c:4: f()"),
        ({"lib/a.h": "int f(int a, int b, int c, int d, int e, int g);\n"},
         "lib/a.h:1: f() has 6 parameters"),
        ({"tests/a.py": "def f():\n" + "    g()\n" * 61}, "tests/a.py:1: f() has 62 lines"),
    ],
    "examples": [
        ({**EXAMPLES, EXAMPLE: EXAMPLES[EXAMPLE] + "\n" * 77}, "one.c:81: an example of more than"),
        ({**EXAMPLES, "clients/examples/must.h": "\n" * 81}, "must.h:81: an example of more than"),
        ({**EXAMPLES, "clients/examples/meson.build": "'none'\n"}, "one.c:1: is not in clients/"),
        ({**EXAMPLES, "tests/integration/examples/test_one.c": "\n"}, "one.c:1: is run by no test"),
        ({**EXAMPLES, "docs/examples.md": "none\n"}, "one.c:1: is not in docs/examples.md"),
        ({**EXAMPLES, EXAMPLE: "relevo_session_open_all();\n"}, "examples.md:3: relevo_session_open is not used"),
        ({**EXAMPLES, "docs/examples.md": "[two](../clients/examples/two.c)\n"},
         "docs/examples.md:1: there is no example two.c"),
        ({"docs/examples.md": "none\n"}, "there are no examples"),
    ],
    "names": [
        ({"docs/a.md": "\n`relevo_nowhere(x)`\n"}, "docs/a.md:2: relevo_nowhere is in no public"),
        ({"docs/a.md": "RELEVO_NOWHERE\n"}, "docs/a.md:1: RELEVO_NOWHERE is in no public header"),
        ({"docs/a.md": "`relevo_set`\n", "lib/relevo/a.h": "int relevo_set_all(void);\n"},
         "docs/a.md:1: relevo_set is in no"),
    ],
    "mutants": [
        ({"lib/base/a.c": "int f(void)\n{\n\treturn MUTANT(new);\n}\n"},
         "lib/base/a.c:3: MUTANT(new) is not in tests/mutants/mutants.txt"),
        ({"tests/mutants/mutants.txt": "# none\nold unit\n"},
         "tests/mutants/mutants.txt:2: there is no MUTANT(old) in the sources"),
    ],
    "exports": [
        ({"lib/relevo/a.h": "int relevo_nowhere(void);\n"},
         "lib/relevo/a.h:1: relevo_nowhere() is not in librelevo.so"),
        ({"lib/relevo/a.h": "int relevo_nowhere(void);\n"}, "is not in librelevo.a"),
        # This tree has no session.h.
        ({"lib/relevo/a.h": "\n"}, "relevo_error_detail is exported and in no public header"),
    ],
    "static": [
        # Without its headers the program cannot be built.
        ({"lib/relevo/session.h": "#error no\n"}, "#error no"),
    ],
    "headers": [
        ({"lib/relevo/a.h": HEADER.format("size_t relevo_a(void);")}, "compile alone as C11"),
        ({"lib/relevo/a.h": HEADER.format("int relevo_a(int class);")}, "compile alone as C++11"),
        ({"lib/relevo/a.h": "struct a { int b; };\n"}, "does not compile alone"),
        ({"lib/relevo/a.h": HEADER.format("enum relevo_a_type {\n\tRELEVO_A_ONE,\n\tRELEVO_B = 1\n};")},
         "a.h:5: RELEVO_B does not carry the name of relevo_a_type"),
        ({"lib/relevo/session.h": HEADER.format(""),
          "lib/relevo/program.h": HEADER.format("#include <relevo/session.h>")},
         "program.h:1: needs no broker, but includes session.h"),
    ],
    "comments": [
        ({"lib/relevo/a.h": "/* About this file. */\n\nint relevo_a(void);\n"},
         "lib/relevo/a.h:3: relevo_a() has no comment"),
        ({"lib/relevo/a.h": SETTER + "\nint relevo_b(int,\n\tint);\n"}, "a.h:3: relevo_b() has no"),
        ({"lib/queue/a.c": '#include "queue/a.h"\n'}, "lib/queue/a.c:1: does not open"),
    ],
    "layout": [
        (layout("int first; uint64_t reserved[2]; void (*second)(int);"),
         "a.h:3: struct relevo_a does not end with reserved words"),
        (layout("int zeroth, first; void *second; uint64_t reserved[2];"),
         "a.h:3: relevo_a.first is at 4 and was at 0"),
        (layout("int first; _Alignas(8) int second; uint64_t reserved[2];"),
         "relevo_a.second has 4 bytes and had 8"),
        (layout("int first; void *second; uint64_t reserved[3];"),
         "struct relevo_a has 40 bytes and had 32"),
        (layout("int first; void *third; uint64_t reserved[2];"), "relevo_a.second is gone"),
        (layout("int first, third; void *second; uint64_t reserved[2];"),
         "relevo_a.third takes no reserved words"),
        (layout("int first; void *second; int third; uint64_t reserved[1];"),
         "a.h:3: relevo_a.third is not in tests/lint/layout.txt"),
        (layout("int first; void *second; uint64_t reserved[2];", "enum { RELEVO_A };"),
         "a.h:2: RELEVO_A is 0 and was 1"),
        (layout("int first; void *second; uint64_t reserved[2];", "#define RELEVO_B 1"),
         "RELEVO_A is gone"),
        (layout("int first; void *second; uint64_t reserved[2];", kinds="relevo_b shown\n"),
         "there is no struct relevo_b"),
        (layout("int first; void *second; uint64_t reserved[2];", kinds="relevo_a shown\n"),
         "relevo_a has reserved words"),
        (layout("int first; void *second;", kinds="relevo_a whole\n",
                table=LAYOUT.replace("32", "8")), "struct relevo_a has 16 bytes and had 8"),
    ],
    "format": [
        ({".clang-format": "BasedOnStyle: LLVM\n", "lib/a.c": "\nint  a;\n"}, "lib/a.c:2: not laid"),
    ],
    "tests": [
        ({"tests/a.c": "\nint main(void)\n{\n\tusleep (10);\n}\n"}, "tests/a.c:4: usleep:"),
        ({"tests/a.c": "void f(void)\n{\n\tsleep(1);\n}\n"}, "tests/a.c:3: sleep:"),
        ({"tests/a.py": "import time\ntime.sleep(1)\n"}, "tests/a.py:2: time.sleep:"),
        ({"tests/a.sh": "true; sleep 1\n"}, "tests/a.sh:1: sleep:"),
    ],
    "generated": [
        ({"proto/queue.pb-c.c": ""}, "proto/queue.pb-c.c:1: is made by the build"),
        ({"lib/relevo/status.h": ""}, "lib/relevo/status.h:1:"),
        ({"lib/x/a.o": ""}, "lib/x/a.o:1:"),
    ],
    "readme": [
        ({"README.md": "# relevo\n"}, "there is no program in it"),
        ({"README.md": "\n```c\nint main(void)\n{\n\treturn x;\n}\n```\n"},
         "README.md:3: the program does not compile"),
        ({"README.md": "```c\n" + "int f(void);\n" * 26 + "```\n"}, "more than 25 lines"),
    ],
}

GOOD = {
    "includes": [
        {"lib/base/a.c": '#include "base/list.h"\n#include <relevo/status.h>\n#include <stdio.h>\n',
         "lib/transport/channel_nng.c": "#include <nng/nng.h>\n#include \"base/list.h\"\n",
         "broker/engine/a.c": '#include "collections/heap.h"\n#include "engine/engine.h"\n',
         "broker/a.c": '#include "a.h"\n#include "config.h"\n', "broker/a.h": "\n",
         "broker/net/a.h": "\n", "broker/net/b.c": '#include "net/a.h"\n#include "net/b.h"\n',
         "broker/net/b.h": "\n", "broker/net/c.h": '#include "net/b.h"\n',
         "clients/cli/a.c": '#include "cli/options.h"\n#include <relevo/relevo.h>\n',
         "tests/unit/base/a.c": '#include "base/list.h"\n#include <cmocka.h>\n'},
    ],
    "sizes": [
        {"lib/a.c": FITTING_FUNCTION, "lib/b.c": "\n" * 600,
         "lib/c.c": "static const int table[] = {\n" + "\t1,\n" * 100 + "};\n"},
    ],
    "examples": [EXAMPLES, {**EXAMPLES, EXAMPLE: EXAMPLES[EXAMPLE] + "\n" * 76}],
    "names": [
        {"docs/a.md": "`relevo_set()`, `relevo_*`, RELEVO_HERE\n", "lib/relevo/a.h": SETTER,
         "clients/cli/a.c": 'const char *name = "RELEVO_HERE";\n', "other/a.md": "relevo_no\n"},
    ],
    "headers": [{"lib/relevo/a.h": HEADER.format("int relevo_a(void);")}],
    "comments": [
        {"lib/relevo/a.h": '#ifdef __cplusplus\nextern "C" {\n#endif\n' + SETTER
                           + "\ntypedef int relevo_f(int);\nstruct s {\n\tint (*f)(int);\n};\n}\n",
         "lib/queue/a.c": "/* What it is for. */\n", "tests/a.c": "int a;\n"},
    ],
    "layout": [
        layout("int first; union { void *second; int other; }; uint64_t reserved[2];",
               table=LAYOUT + "member relevo_a.other 8 4\n"),
        layout("int first; int (*second)(int, int); uint64_t reserved[2];", "#define RELEVO_A (1)"),
        layout("int first; void *second; char third[3], fourth[2];\nuint64_t reserved[1];",
               table=LAYOUT.replace("reserved 16 16", "reserved 24 8")
               + "member relevo_a.third 16 3\nmember relevo_a.fourth 19 2\n"),
        layout("int first; void *second; /* of; it */ long third, fourth, fifth;",
               kinds="relevo_a shown\n", table=LAYOUT.replace("32", "40").replace(
                   "reserved 16 16", "third 16 8") + "member relevo_a.fourth 24 8\n"
               + "member relevo_a.fifth 32 8\n"),
    ],
    "format": [{".clang-format": "BasedOnStyle: LLVM\n", "lib/a.c": "int a;\n"}],
    "tests": [{"tests/a.c": '/* sleep(1) */\nconst char *s = "sleep(1)";\n', "lib/a.c": "sleep(1);"}],
    "generated": [{"proto/queue.proto": "", "tests/unit/base/test_status.c": "", "proto/status.py": ""}],
    "readme": [{"README.md": "```c\nint main(void)\n{\n\treturn 0;\n}\n```\n"}],
}
