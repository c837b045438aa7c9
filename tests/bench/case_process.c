/* To start a process that does nothing, and to wait for its end. */
#include "base/clock.h"
#include "bench/cases.h"
#include "bench/die.h"
#include "bench/queue_name.h"

#include <relevo/process.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES = 200 };

static int nothing(relevo_tuple *arguments)
{
	(void)arguments;
	return 0;
}

static void start_and_join(enum relevo_start_method method)
{
	const struct relevo_process_options options = { .method = method };
	relevo_process *process;
	must(relevo_process_new(nothing, &options, &process), "relevo_process_new");
	must(relevo_process_start(process), "relevo_process_start");
	must(relevo_process_join(process, RELEVO_FOREVER), "relevo_process_join");
	relevo_process_free(process);
}

static double microseconds_each(enum relevo_start_method method)
{
	start_and_join(method); /* also starts the fork server */
	nsec_t start = clock_now();
	for (int i = 0; i < PROCESSES; i++)
		start_and_join(method);
	return (double)(clock_now() - start) / 1e3 / PROCESSES;
}

double process_fork(const struct fixture *fixture)
{
	(void)fixture;
	return microseconds_each(RELEVO_START_FORK);
}

double process_forkserver(const struct fixture *fixture)
{
	(void)fixture;
	return microseconds_each(RELEVO_START_FORKSERVER);
}

double process_spawn(const struct fixture *fixture)
{
	(void)fixture;
	return microseconds_each(RELEVO_START_SPAWN);
}

double bare_fork(const struct fixture *fixture)
{
	(void)fixture;
	nsec_t start = clock_now();
	for (int i = 0; i < PROCESSES; i++) {
		pid_t pid = fork();
		if (pid < 0)
			die_errno("fork");
		if (pid == 0)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
	return (double)(clock_now() - start) / 1e3 / PROCESSES;
}
