/* Four tasks at once: who they are, and whose children. It takes as long as one. */
#include "must.h"

#include <time.h>
#include <unistd.h>

enum { TASKS = 4 };

static int task(relevo_tuple *arguments)
{
	(void)arguments;
	/* By the default method getppid() is another one: see process_methods. */
	printf("process %d, child of %d\n", getpid(), relevo_process_pid(relevo_process_parent()));
	fflush(stdout);
	usleep(200000);
	return 0;
}

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	relevo_process_enter(argc, argv);
	relevo_process *processes[TASKS];
	double begin = seconds();
	for (int i = 0; i < TASKS; i++) {
		must(relevo_process_new(task, NULL, &processes[i]));
		must(relevo_process_start(processes[i]));
	}
	for (int i = 0; i < TASKS; i++) {
		must(relevo_process_join(processes[i], RELEVO_FOREVER));
		relevo_process_free(processes[i]);
	}
	printf("%d tasks of 0.2 s took process %d %.2f s\n", TASKS, getpid(), seconds() - begin);
	return 0;
}
