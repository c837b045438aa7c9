#!/usr/bin/env python3
"""Turn status.proto into <relevo/status.h> and the table of messages.

usage: status.py status.proto status.h status.c
"""
import re
import sys

HEADER = """\
/* Generated from proto/status.proto. */
#ifndef RELEVO_STATUS_H
#define RELEVO_STATUS_H

#include <relevo/export.h>

#ifdef __cplusplus
extern "C" {{
#endif

/* What every call returns: 0 is success. */
enum relevo_status {{
{values}
}};

/* The general sentence for a status, for any int. Static; never NULL. */
RELEVO_API const char *relevo_error_message(int status);

/* Its name, such as "TIMED_OUT". Static; never NULL. */
RELEVO_API const char *relevo_error_name(int status);

#ifdef __cplusplus
}}
#endif

#endif
"""

SOURCE = """\
/* Generated from proto/status.proto. */
#include <relevo/status.h>

static const struct {{
	const char *name;
	const char *message;
}} statuses[] = {{
{rows}
}};

static int known(int status)
{{
	return status >= 0 && status < (int)(sizeof statuses / sizeof statuses[0]);
}}

RELEVO_API const char *relevo_error_message(int status)
{{
	return known(status) ? statuses[status].message : "Unknown status.";
}}

RELEVO_API const char *relevo_error_name(int status)
{{
	return known(status) ? statuses[status].name : "UNKNOWN";
}}
"""


def read_statuses(path):
    with open(path, encoding="utf-8") as file:
        lines = re.findall(r"^  STATUS_(\w+) = (\d+);\s*// (.+)$", file.read(), re.M)
    numbers = [int(number) for _, number, _ in lines]
    if numbers != list(range(len(numbers))):
        sys.exit(f"{path}: the values must be 0, 1, 2, ... each with a comment")
    return lines


def main():
    proto, header, source = sys.argv[1:]
    statuses = read_statuses(proto)
    values = [f"\tRELEVO_{name} = {number}, /* {text} */" for name, number, text in statuses]
    rows = [f'\t[{number}] = {{ "{name}", "{text}" }},' for name, number, text in statuses]
    with open(header, "w", encoding="utf-8") as file:
        file.write(HEADER.format(values="\n".join(values)))
    with open(source, "w", encoding="utf-8") as file:
        file.write(SOURCE.format(rows="\n".join(rows)))


main()
