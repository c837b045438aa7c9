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

#include <arpa/inet.h>
#include <libgearman/gearman.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	PAUSE_MSEC = 10,
	WORKERS = 2,
	CONNECT_TRIES = 500,
	AT_ONCE = 1000,
	WARM_UP = 20,
	PATIENCE_MSEC = 20000
};

static const char host[] = "127.0.0.1";

/* A port that is free now. */
static in_port_t free_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		die_errno("a port for gearmand");
	close(fd);
	return ntohs(address.sin_port);
}

static pid_t fork_with_parent(void)
{
	pid_t parent = getpid(), pid = fork();
	if (pid < 0)
		die_errno("fork");
	if (pid == 0)
		end_with_parent(parent);
	return pid;
}

/* 0: there is none on this machine. */
static pid_t start_server(in_port_t port)
{
	if (access("/usr/sbin/gearmand", X_OK) != 0)
		return 0;
	char option[32];
	snprintf(option, sizeof option, "--port=%d", port);
	pid_t pid = fork_with_parent();
	if (pid == 0) {
		execl("/usr/sbin/gearmand", "gearmand", "--listen=127.0.0.1", option,
		      "--log-file=none", (char *)NULL);
		_exit(1);
	}
	return pid;
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

/* Workers that come too early never tell it what they can do. */
static void wait_until_listens(in_port_t port)
{
	const struct sockaddr_in address = { .sin_family = AF_INET,
					     .sin_port = htons(port),
					     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	for (int i = 0; i < CONNECT_TRIES; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		int connected = connect(fd, (const struct sockaddr *)&address, sizeof address);
		close(fd);
		if (connected == 0)
			return;
		/* It sends no event. */
		poll(NULL, 0, PAUSE_MSEC);
	}
	die("gearmand does not listen");
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
	in_port_t port = free_port();
	pid_t workers[WORKERS], server = start_server(port);
	struct timespec begin, now;
	if (server == 0)
		return NAN;
	wait_until_listens(port);
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
	end(server);
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
