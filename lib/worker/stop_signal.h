#ifndef WORKER_STOP_SIGNAL_H
#define WORKER_STOP_SIGNAL_H

#include "base/error.h"

#include <signal.h>
#include <stdbool.h>

/*
 * SIGTERM and SIGINT as a descriptor: readable once one of them has arrived, so
 * that a wait can end without a race. For one caller at a time in a process,
 * since handlers are the process's.
 */
struct stop_signal {
	int fd; /* readable when a signal has come */
	struct sigaction terminate_before;
	struct sigaction interrupt_before;
};

/* BAD_STATE when it is in use already, NO_DESCRIPTORS, SYSTEM. */
int stop_signal_install(struct stop_signal *wake, struct error *error);

/* Put the handlers back; also in a forked child, which has a copy of all. */
void stop_signal_remove(struct stop_signal *wake);

/* Hold the signals back, and let them through again: a child forked in between
 * starts with none that was meant for its parent, and loses none of its own. */
void stop_signal_hold(sigset_t *before);
void stop_signal_release(const sigset_t *before);

/* Let them through even if whoever started this process held them back. */
void stop_signal_admit(sigset_t *before);

/* Whether a signal has come to this process since stop_signal_install(). */
bool stop_signal_has_come(void);

/* Make it unreadable again, until the next signal. Returns how many have come. */
unsigned stop_signal_clear(const struct stop_signal *wake);

#endif
