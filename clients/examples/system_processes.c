/*
 * The processes of the system, as ps shows them.
 *
 * usage: system_processes [NAME]    only those whose name has NAME in it
 */
#include <relevo/relevo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print(const struct relevo_system_info *process)
{
	char user[20];
	snprintf(user, sizeof user, "%u", process->user_id);
	printf("%7d %7d %-10s %c %4d %8llu %s\n", process->pid, process->parent,
	       process->user != NULL ? process->user : user, process->state, process->nice,
	       (unsigned long long)process->memory / 1024, process->name);
}

int main(int argc, char **argv)
{
	struct relevo_system_info *processes;
	size_t count;
	if (relevo_system_list(&processes, &count) != RELEVO_OK) {
		fprintf(stderr, "system_processes: %s\n", relevo_error_detail());
		return EXIT_FAILURE;
	}
	printf("%7s %7s %-10s %c %4s %8s %s\n", "PID", "PARENT", "USER", 'S', "NICE", "KB", "NAME");
	for (size_t i = 0; i < count; i++) {
		if (argc < 2 || strstr(processes[i].name, argv[1]) != NULL)
			print(&processes[i]);
	}
	relevo_system_list_free(processes, count);
	return EXIT_SUCCESS;
}
