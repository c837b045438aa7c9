/* Finding and signalling the processes below this one. */
#include "cli/descendants.h"

#include <relevo/relevo.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <unistd.h>

void descendants_adopt(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

static const struct relevo_system_info *descendants_find(const struct relevo_system_info *all,
							 size_t count, int pid)
{
	for (size_t i = 0; i < count; i++) {
		if (all[i].pid == pid)
			return &all[i];
	}
	return NULL;
}

/* No line of parents is longer than all, though it was not read at one moment. */
static bool is_below(const struct relevo_system_info *all, size_t count, int parent, int ancestor)
{
	for (size_t steps = 0; parent != 0 && steps <= count; steps++) {
		if (parent == ancestor)
			return true;
		const struct relevo_system_info *next = descendants_find(all, count, parent);
		parent = next != NULL ? next->parent : 0;
	}
	return false;
}

/* By its stamp: its number may be another's by now. */
static void signal_one(const struct relevo_system_info *info, int number)
{
	relevo_system_process *process;
	if (relevo_system_open(info->pid, info->stamp, &process) != RELEVO_OK)
		return;
	relevo_system_signal(process, number);
	relevo_system_close(process);
}

void descendants_signal(int number)
{
	struct relevo_system_info *all;
	size_t count;
	if (relevo_system_list(&all, &count) != RELEVO_OK)
		return;
	for (size_t i = 0; i < count; i++) {
		if (is_below(all, count, all[i].parent, getpid()))
			signal_one(&all[i], number);
	}
	relevo_system_list_free(all, count);
}
