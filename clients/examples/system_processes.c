/*
 * The processes of the system, as ps shows them.
 *
 * usage: system_processes [NAME]    only those whose name has NAME in it
 */
#include <relevo/relevo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int print(const struct relevo_system_info *process, void *part)
{
	char user[20];
	if (strstr(process->name, part) == NULL)
		return 0;
	snprintf(user, sizeof user, "%u", process->user_id);
	printf("%7d %7d %-10s %c %4d %8llu %s\n", process->pid, process->parent,
	       process->user != NULL ? process->user : user, process->state, process->nice,
	       (unsigned long long)process->memory / 1024, process->name);
	return 0;
}

int main(int argc, char **argv)
{
	printf("%7s %7s %-10s %c %4s %8s %s\n", "PID", "PARENT", "USER", 'S', "NICE", "KB", "NAME");
	char all[] = "";
	if (relevo_system_list(print, argc > 1 ? argv[1] : all) != RELEVO_OK) {
		fprintf(stderr, "system_processes: %s\n", relevo_error_detail());
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
