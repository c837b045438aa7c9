#include "examples/words/interrupt.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

/* A handler reaches nothing but what is global, and lock-free. */
static atomic_int arrived;
static atomic_int broker_pid;

static void on_signal(int number)
{
	int saved = errno;
	int broker = atomic_load(&broker_pid);
	atomic_store(&arrived, number);
	if (broker > 0)
		kill(broker, SIGTERM);
	errno = saved;
}

void interrupt_install(void)
{
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	sigemptyset(&action.sa_mask);
	sigaction(SIGHUP, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

void interrupt_pass_to(pid_t broker)
{
	atomic_store(&broker_pid, broker);
	/* It may have come before there was somebody to pass it to. */
	if (broker > 0 && interrupt_signal() != 0)
		kill(broker, SIGTERM);
}

int interrupt_signal(void)
{
	return atomic_load(&arrived);
}
