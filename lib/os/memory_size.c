/* How much memory there is for a process. */
#include "os/memory_size.h"

#include "base/mutant.h"
#include "os/control_group.h"

#include <ctype.h>
#include <stdlib.h>
#include <unistd.h>

/* "max", and nothing, are no numbers; version 1 writes a number that is larger than any memory. */
static void note_limit(const struct control_group *group, void *context)
{
	uint64_t *least = context;
	char text[64];
	const char *name = group->second ? "memory.max" : "memory.limit_in_bytes";
	if (!control_group_read(group, name, text, sizeof text) || !isdigit((unsigned char)text[0]))
		return;
	uint64_t limit = strtoull(text, NULL, 10);
	if (limit < *least)
		*least = limit;
}

uint64_t memory_limit(const char *root)
{
	uint64_t least = UINT64_MAX;
	control_groups_visit(root, "memory", note_limit, &least);
	return MUTANT(memory_limit_unseen) ? UINT64_MAX : least;
}

uint64_t memory_size(void)
{
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	uint64_t machine = pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : 0;
	uint64_t limit = memory_limit("");
	if (machine == 0)
		return limit < UINT64_MAX ? limit : 0;
	return limit < machine ? limit : machine;
}
