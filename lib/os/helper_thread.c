/* A thread that lasts as long as the process: see helper_thread.h. */
#include "os/helper_thread.h"

#include "os/thread.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/* One caller at a time has the turn, also whoever forks; the rest is under `lock`. */
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t handlers_installed = PTHREAD_ONCE_INIT;
static bool running; /* the thread; under `turn` */

/*
 * Its stack, where the C library also has the variables that are each thread's own. In a
 * child that was forked, what they point to belongs to nobody; a checker for leaks
 * finds the way to it through here, and does not take it for the program's fault.
 */
#define STACK_ALIGNMENT 4096
struct stack {
	char bytes[1 << 20];
	struct stack *previous; /* of this process's parents */
};
static struct stack *stacks; /* under `turn` */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static void (*task)(void *argument); /* NULL: nothing to do */
static void *task_argument;

static void helper_thread_before_fork(void)
{
	pthread_mutex_lock(&turn);
	pthread_mutex_lock(&lock);
}

static void helper_thread_in_parent(void)
{
	pthread_mutex_unlock(&lock);
	pthread_mutex_unlock(&turn);
}

/* The thread is the parent's, and so is who waits on the condition. */
static void helper_thread_in_child(void)
{
	running = false;
	pthread_cond_init(&changed, NULL);
	helper_thread_in_parent();
}

static void helper_thread_install_handlers(void)
{
	pthread_atfork(helper_thread_before_fork, helper_thread_in_parent, helper_thread_in_child);
}

static void *helper_thread_serve(void *unused)
{
	(void)unused;
	pthread_mutex_lock(&lock);
	for (;;) {
		while (task == NULL)
			pthread_cond_wait(&changed, &lock);
		task(task_argument);
		task = NULL;
		pthread_cond_broadcast(&changed);
	}
	return NULL;
}

static int start_on(struct stack *stack)
{
	pthread_t thread;
	pthread_attr_t attributes;
	pthread_attr_init(&attributes);
	int failure = pthread_attr_setstack(&attributes, stack->bytes, sizeof stack->bytes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	if (failure == 0)
		failure = thread_start(&thread, &attributes, helper_thread_serve, NULL);
	pthread_attr_destroy(&attributes);
	return failure;
}

static int helper_thread_start(void)
{
	void *memory;
	int failure = posix_memalign(&memory, STACK_ALIGNMENT, sizeof(struct stack));
	if (failure != 0)
		return failure;
	struct stack *stack = memory;
	failure = start_on(stack);
	if (failure != 0) {
		free(stack);
		return failure;
	}
	stack->previous = stacks;
	stacks = stack;
	return 0;
}

static void helper_thread_hand_over(void (*work)(void *argument), void *argument)
{
	pthread_mutex_lock(&lock);
	task = work;
	task_argument = argument;
	pthread_cond_broadcast(&changed);
	while (task != NULL)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

int helper_thread_run(void (*work)(void *argument), void *argument, struct error *error)
{
	pthread_once(&handlers_installed, helper_thread_install_handlers);
	pthread_mutex_lock(&turn);
	int failure = running ? 0 : helper_thread_start();
	running = failure == 0;
	if (running)
		helper_thread_hand_over(work, argument);
	pthread_mutex_unlock(&turn);
	if (failure != 0)
		return error_set_process(error, failure, "no thread to help");
	return RELEVO_OK;
}
