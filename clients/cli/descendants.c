/* Finding and signalling the processes below this one. */
#include "cli/descendants.h"

#include <relevo/relevo.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

void descendants_adopt(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

/* What is known of each process: who it is, and whose child. */
struct kin {
	pid_t pid, parent;
	uint64_t stamp;
};

struct family {
	struct kin *members;
	size_t count, room;
};

static int take_in(const struct relevo_system_info *process, void *user)
{
	struct family *family = user;
	if (family->count == family->room) {
		size_t room = family->room > 0 ? 2 * family->room : 256;
		struct kin *members = reallocarray(family->members, room, sizeof *members);
		if (members == NULL)
			return RELEVO_NO_MEMORY;
		family->members = members;
		family->room = room;
	}
	family->members[family->count++] =
		(struct kin){ process->pid, process->parent, process->stamp };
	return RELEVO_OK;
}

static const struct kin *descendants_find(const struct family *family, pid_t pid)
{
	for (size_t i = 0; i < family->count; i++) {
		if (family->members[i].pid == pid)
			return &family->members[i];
	}
	return NULL;
}

/* No line of parents is longer than all, though it was not read at one moment. */
static bool is_below(const struct family *family, pid_t parent, pid_t ancestor)
{
	for (size_t steps = 0; parent != 0 && steps <= family->count; steps++) {
		if (parent == ancestor)
			return true;
		const struct kin *next = descendants_find(family, parent);
		parent = next != NULL ? next->parent : 0;
	}
	return false;
}

/* By its stamp: its number may be another's by now. */
static void signal_one(const struct kin *kin, int number)
{
	relevo_system_process *process;
	if (relevo_system_open(kin->pid, kin->stamp, &process) != RELEVO_OK)
		return;
	relevo_system_signal(process, number);
	relevo_system_close(process);
}

void descendants_signal(int number)
{
	struct family family = { 0 };
	if (relevo_system_list(take_in, &family) == RELEVO_OK) {
		for (size_t i = 0; i < family.count; i++) {
			if (is_below(&family, family.members[i].parent, getpid()))
				signal_one(&family.members[i], number);
		}
	}
	free(family.members);
}
