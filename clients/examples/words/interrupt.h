#ifndef EXAMPLES_INTERRUPT_H
#define EXAMPLES_INTERRUPT_H

#include <sys/types.h>

/*
 * Ctrl-C, SIGTERM and a closed terminal, for a program that has to clean up
 * behind itself. A call that waits for the broker does not end because of a
 * signal; it does when the broker goes. So the broker is ended, every call
 * returns RELEVO_DISCONNECTED, and the program ends as after any failure.
 */
void interrupt_install(void);

/* End this process too from now on; 0: none. */
void interrupt_pass_to(pid_t broker);

/* The signal that came, or 0. */
int interrupt_signal(void);

#endif
