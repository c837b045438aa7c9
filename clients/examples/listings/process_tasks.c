/* Four tasks at once: who they are, and whose children. It takes as long as one. */
#include "must.h"

#include <time.h>
#include <unistd.h>

enum { TASKS = 4 };

static int task(relevo_tuple *arguments)
{
	const struct timespec time = { 0, 250000000 };
	(void)arguments;
	/* With forkserver, getppid() would be the server's. */
	if (relevo_process_pid(relevo_process_parent()) != getpid())
		printf("a task that has another process id than its parent\n");
	nanosleep(&time, NULL);
	return 0;
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	relevo_process *processes[TASKS];
	struct timespec begin, end;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int i = 0; i < TASKS; i++) {
		must(relevo_process_new(task, NULL, &processes[i]));
		must(relevo_process_start(processes[i]));
	}
	for (int i = 0; i < TASKS; i++) {
		must(relevo_process_join(processes[i], RELEVO_FOREVER));
		relevo_process_free(processes[i]);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	double took =
		(double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
	printf("%d tasks of 0.25 s took %s than 1 s\n", TASKS, took < 1 ? "less" : "more");
	return 0;
}
