/*
 * Find a process by its name; while it runs, let it stand still for a time and go on for a
 * time.
 *
 * usage: system_suspend NAME [MS-SUSPENDED [MS-RUNNING]]
 */
#include <relevo/relevo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct search {
	const char *name;
	relevo_system_process *found;
};

/* If it ends before it is opened, no other process can be taken for it, even one that has its id
 * by then. */
static int look_at(const struct relevo_system_info *process, void *user)
{
	struct search *search = user;
	if (strcmp(process->name, search->name) != 0 || process->state == 'Z')
		return 0;
	return relevo_system_open(process->pid, process->stamp, &search->found) == RELEVO_OK;
}

/* The first of that name; NULL: there is none. */
static relevo_system_process *find(const char *name)
{
	struct search search = { .name = name };
	relevo_system_list(look_at, &search);
	return search.found;
}

static void say(const char *what)
{
	printf("%s\n", what);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	long suspended = argc > 2 ? atol(argv[2]) : 10000;
	long running = argc > 3 ? atol(argv[3]) : 5000;
	relevo_system_process *process = argc > 1 ? find(argv[1]) : NULL;
	if (process == NULL) {
		fprintf(stderr, "system_suspend: no such process\n");
		return EXIT_FAILURE;
	}
	int status = RELEVO_OK;
	while (status == RELEVO_OK && relevo_system_is_alive(process)) {
		status = relevo_system_suspend(process);
		if (status != RELEVO_OK)
			break;
		say("suspended");
		relevo_system_wait(process, suspended);
		status = relevo_system_resume(process);
		if (status != RELEVO_OK)
			break;
		say("goes on");
		relevo_system_wait(process, running);
	}
	if (status == RELEVO_OK || status == RELEVO_GONE)
		say("has ended");
	else
		fprintf(stderr, "system_suspend: %s\n", relevo_error_detail());
	relevo_system_close(process);
	return status == RELEVO_OK || status == RELEVO_GONE ? EXIT_SUCCESS : EXIT_FAILURE;
}
