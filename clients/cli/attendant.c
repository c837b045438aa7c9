/* A thread that waits in a call of the library's, and can be told to stop. */
#include "cli/attendant.h"

#include <signal.h>
#include <stddef.h>

/* What ends its poll: of no use for anything else here, and harmless if it comes from others. */
#define ATTENDANT_SIGNAL SIGURG

/* The one that this thread is; NULL: it is the main thread, or one of the library's. */
static _Thread_local const struct attendant *attendant_here;

bool attendant_goes_on(void *user)
{
	(void)user;
	return attendant_here == NULL || !atomic_load(&attendant_here->stopped);
}

static void attendant_on_signal(int number)
{
	(void)number;
}

static void *attendant_run(void *argument)
{
	struct attendant *attendant = argument;
	sigset_t others;
	sigfillset(&others);
	sigdelset(&others, ATTENDANT_SIGNAL);
	pthread_sigmask(SIG_SETMASK, &others, NULL);
	attendant_here = attendant;
	attendant->attend(attendant->user);
	return NULL;
}

int attendant_start(struct attendant *attendant, void (*attend)(void *user), void *user)
{
	struct sigaction action = { .sa_handler = attendant_on_signal };
	sigset_t all, before;
	attendant->attend = attend;
	attendant->user = user;
	atomic_store(&attendant->stopped, false);
	sigaction(ATTENDANT_SIGNAL, &action, NULL);
	/* None of the program's reaches it before it has said so itself. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int trouble = pthread_create(&attendant->thread, NULL, attendant_run, attendant);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	attendant->started = trouble == 0;
	return trouble;
}

void attendant_stop(struct attendant *attendant)
{
	if (!attendant->started)
		return;
	atomic_store(&attendant->stopped, true);
	pthread_kill(attendant->thread, ATTENDANT_SIGNAL);
	pthread_join(attendant->thread, NULL);
	attendant->started = false;
}
