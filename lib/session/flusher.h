#ifndef SESSION_FLUSHER_H
#define SESSION_FLUSHER_H

#include <pthread.h>
#include <stdbool.h>

struct relevo_session;

/*
 * The one background thread of a session, started when something is first left
 * pending. It sends what nobody else has sent, a millisecond later at most, and sleeps without a
 * time-out while there is nothing to do.
 */
struct flusher {
	pthread_t thread;
	bool running;
	bool asleep;  /* has to be woken */
	bool reading; /* waits for an answer that nobody wants, or for: */
	int event;    /* an eventfd; -1: none was needed yet */
	bool stop;
	pthread_cond_t wake;
};

void flusher_init(struct flusher *flusher);
void flusher_fini(struct flusher *flusher);

/* Something is pending. The session is locked. When the thread cannot be
 * started, sends it at once instead. */
void flusher_notify(struct relevo_session *session);

/* End the thread. The session is not locked. */
void flusher_stop(struct relevo_session *session);

/* In a child after fork(2): there is no thread. */
void flusher_forget(struct flusher *flusher);

#endif
