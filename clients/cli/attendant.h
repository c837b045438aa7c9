#ifndef CLI_ATTENDANT_H
#define CLI_ATTENDANT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

/*
 * A thread that waits in a call of the library's, while the main thread waits for something else.
 * Both use the session of the command, which has to be opened with attendant_goes_on().
 */
struct attendant {
	pthread_t thread;
	bool started;
	atomic_bool stopped;
	void (*attend)(void *user);
	void *user;
};

/* For the session: calls of an attendant that was told to stop end with INTERRUPTED. */
bool attendant_goes_on(void *user);

/* Run `attend` in a thread of its own, which gets no signals of the program's. An errno. */
int attendant_start(struct attendant *attendant, void (*attend)(void *user), void *user);

/* End the call that it is in, and wait for it. One that was never started has ended. */
void attendant_stop(struct attendant *attendant);

#endif
