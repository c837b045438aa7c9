/* A program that was started: its descriptors, and letting go of it. */
#include "program/program.h"

#include "base/thread_error.h"
#include "os/thread.h"

#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Little, for threads that only wait. */
#define REAPER_STACK 65536

pid_t relevo_program_pid(const relevo_program *program)
{
	if (!given(program))
		return -1;
	return program->pid;
}

int relevo_program_sentinel(const relevo_program *program)
{
	if (!given(program))
		return -1;
	return program->pidfd;
}

int relevo_program_input_fd(const relevo_program *program)
{
	if (!given(program))
		return -1;
	return program->pipes[PROGRAM_INPUT].fd;
}

int relevo_program_output_fd(const relevo_program *program)
{
	if (!given(program))
		return -1;
	return program->pipes[PROGRAM_OUTPUT].fd;
}

int relevo_program_errors_fd(const relevo_program *program)
{
	if (!given(program))
		return -1;
	return program->pipes[PROGRAM_ERRORS].fd;
}

static void program_close_pipe(struct program_pipe *pipe)
{
	if (pipe->fd >= 0)
		close(pipe->fd);
	pipe->fd = -1;
}

void relevo_program_close_input(relevo_program *program)
{
	if (!given(program))
		return;
	program_close_pipe(&program->pipes[PROGRAM_INPUT]);
}

static void *program_reap(void *argument)
{
	int pidfd = (int)(intptr_t)argument;
	siginfo_t ignored;
	/* Signals are blocked; whatever else it says, there is nothing left to wait for. */
	waitid(P_PIDFD, (id_t)pidfd, &ignored, WEXITED);
	close(pidfd);
	return NULL;
}

/* Nobody will ask any more: a thread waits for it, so that no zombie is left. */
static void program_abandon(int pidfd)
{
	pthread_t thread;
	pthread_attr_t attributes;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, REAPER_STACK);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	int failure = thread_start(&thread, &attributes, program_reap, (void *)(intptr_t)pidfd);
	pthread_attr_destroy(&attributes);
	if (failure != 0)
		close(pidfd);
}

static void part_from(relevo_program *program)
{
	bool ours = program->owner == getpid() && !program->reaped;
	struct error ignored = { 0 };
	if (ours && program_wait(program, 0, NULL, &ignored) == RELEVO_TIMED_OUT)
		program_abandon(program->pidfd);
	else
		close(program->pidfd);
}

void relevo_program_close(relevo_program *program)
{
	if (program == NULL)
		return;
	for (int i = 0; i < PROGRAM_STREAMS; i++) {
		program_close_pipe(&program->pipes[i]);
		buffer_fini(&program->pipes[i].bytes);
	}
	part_from(program);
	pthread_mutex_destroy(&program->lock);
	free(program->name);
	free(program);
}
