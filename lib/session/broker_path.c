/* Which program is started as a private broker. */
#include "session/broker_path.h"

#include "base/mutant.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

/* The file with this code: the library, or a program that it is linked into. The linker's name of
 * it may be relative, and the working directory another by now: then it is not there. */
static const char *file_of_this(void)
{
	static const char here;
	Dl_info info;
	return dladdr(&here, &info) != 0 ? info.dli_fname : NULL;
}

/* From the folder of that file: where it was built, then where it is installed. */
static const char *beside_library(char *room, size_t size)
{
	static const char *const places[] = {
		"../broker/relevod",
		"../../broker/relevod",
		"../bin/relevod",
		"../../bin/relevod",
	};
	const char *file = file_of_this();
	const char *slash = file != NULL ? strrchr(file, '/') : NULL;
	if (slash == NULL || MUTANT(broker_not_beside))
		return NULL;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		int length = snprintf(room, size, "%.*s/%s", (int)(slash - file), file, places[i]);
		if (length > 0 && (size_t)length < size && access(room, X_OK) == 0)
			return room;
	}
	return NULL;
}

const char *broker_path(const char *asked, char *room, size_t size)
{
	const char *program = asked != NULL ? asked : secure_getenv("RELEVO_BROKER");
	if (program != NULL && program[0] != '\0')
		return program;
	if (getauxval(AT_SECURE) != 0)
		return RELEVOD_PATH;
	program = beside_library(room, size);
	if (program != NULL)
		return program;
	return access(RELEVOD_PATH, X_OK) == 0 ? RELEVOD_PATH : "relevod";
}
