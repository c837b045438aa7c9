/* Starting gearmand with workers, and measuring it. */
#include "bench/raw_gearman.h"

#include <math.h>

#ifndef HAVE_GEARMAN

double gearman_stream(int tasks)
{
	(void)tasks;
	return NAN;
}

double gearman_round_trip(int tasks)
{
	(void)tasks;
	return NAN;
}

#else

#include "bench/actors.h"
#include "bench/die.h"
#include "bench/folder.h"
#include "bench/service.h"

#include <libgearman/gearman.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WORKERS = 2, AT_ONCE = 1000, WARM_UP = 20, PATIENCE_MSEC = 20000 };

static const char host[] = "127.0.0.1";

static pid_t fork_with_parent(void)
{
	pid_t parent = getpid(), pid = fork();
	if (pid < 0)
		die_errno("fork");
	if (pid == 0)
		end_with_parent(parent);
	return pid;
}

/* Whether there is one on this machine. */
static bool start_server(struct service *server, in_port_t port)
{
	static char folder[FOLDER_PATH], option[32];
	static const char *const words[] = { "/usr/sbin/gearmand", "--listen=127.0.0.1", option,
					     "--log-file=none", NULL };
	if (access(words[0], X_OK) != 0)
		return false;
	snprintf(option, sizeof option, "--port=%d", port);
	folder_new("gearman", folder);
	service_start(server, folder, words);
	/* Workers that come too early never tell it what they can do. */
	service_await_port(server, port);
	return true;
}

static gearman_return_t do_nothing(gearman_job_st *job, void *context)
{
	(void)job;
	(void)context;
	return GEARMAN_SUCCESS;
}

static _Noreturn void work(in_port_t port)
{
	gearman_worker_st *worker = gearman_worker_create(NULL);
	gearman_worker_add_server(worker, host, port);
	gearman_function_t function = gearman_function_create(do_nothing);
	gearman_worker_define_function(worker, "noop", 4, function, 0, NULL);
	for (;;)
		gearman_worker_work(worker);
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void stream(gearman_client_st *client, int tasks)
{
	for (int done = 0; done < tasks; done += AT_ONCE) {
		for (int i = 0; i < AT_ONCE; i++) {
			gearman_return_t status;
			gearman_client_add_task(client, NULL, NULL, "noop", NULL, &i, sizeof i,
						&status);
			if (status != GEARMAN_SUCCESS)
				die("a task for gearmand: %s", gearman_client_error(client));
		}
		if (gearman_client_run_tasks(client) != GEARMAN_SUCCESS)
			die("gearmand: %s", gearman_client_error(client));
		gearman_client_task_free_all(client);
	}
}

static void one_by_one(gearman_client_st *client, int tasks)
{
	for (int i = 0; i < tasks; i++) {
		gearman_return_t status;
		size_t size;
		free(gearman_client_do(client, "noop", NULL, &i, sizeof i, &size, &status));
		if (status != GEARMAN_SUCCESS)
			die("a task for gearmand: %s", gearman_client_error(client));
	}
}

/* Seconds. */
static double measure(void (*play)(gearman_client_st *client, int tasks), int tasks)
{
	in_port_t port = service_free_port();
	struct service server;
	pid_t workers[WORKERS];
	struct timespec begin, now;
	if (!start_server(&server, port))
		return NAN;
	for (int i = 0; i < WORKERS; i++) {
		workers[i] = fork_with_parent();
		if (workers[i] == 0)
			work(port);
	}
	gearman_client_st *client = gearman_client_create(NULL);
	gearman_client_add_server(client, host, port);
	gearman_client_set_timeout(client, PATIENCE_MSEC);
	one_by_one(client, WARM_UP);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	play(client, tasks);
	clock_gettime(CLOCK_MONOTONIC, &now);
	gearman_client_free(client);
	for (int i = 0; i < WORKERS; i++)
		end(workers[i]);
	service_stop(&server);
	return (double)(now.tv_sec - begin.tv_sec) + (double)(now.tv_nsec - begin.tv_nsec) / 1e9;
}

double gearman_stream(int tasks)
{
	return tasks / measure(stream, tasks);
}

double gearman_round_trip(int tasks)
{
	return measure(one_by_one, tasks) * 1e6 / tasks;
}

#endif
