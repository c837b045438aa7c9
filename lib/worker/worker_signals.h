#ifndef WORKER_WORKER_SIGNALS_H
#define WORKER_WORKER_SIGNALS_H

#include "base/error.h"

#include <signal.h>

/*
 * The signals of a process that does nothing but keep workers: the ends of its children as
 * a descriptor, whatever it has inherited; and what a terminal sends when it goes is for
 * others to act on, since somebody has to be left who ends the workers. None is blocked, here and
 * in the workers, whichever thread was forked. For one caller at a time in a process.
 */
struct worker_signals {
	int fd; /* readable: a child has ended */
	struct sigaction child_before, hangup_before, quit_before;
};

/* NO_DESCRIPTORS, SYSTEM. */
int worker_signals_install(struct worker_signals *signals, struct error *error);

/* Put back what was there before; also in a worker, which has a copy of all. There SIGCHLD is never
 * ignored: what a function starts can be waited for. */
void worker_signals_remove(struct worker_signals *signals);

/* Until the next end. */
void worker_signals_clear(const struct worker_signals *signals);

#endif
