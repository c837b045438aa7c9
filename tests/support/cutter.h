#ifndef SUPPORT_CUTTER_H
#define SUPPORT_CUTTER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Somebody in front of a broker's Unix socket, who passes on what each side of any number of
 * connections says, and cuts them: at once, or wherever the stream happens to be when so many bytes
 * have gone by. What is under way then is lost.
 */
struct cutter {
	char url[128]; /* abstract:// */
	/* Between two cuts, so many bytes on average; 0: none by itself. */
	atomic_uint apart;
	atomic_bool away;     /* each connection is closed as soon as it is made */
	atomic_bool swallows; /* what clients say vanishes */
	atomic_uint attempts; /* connections that were made, or tried */
	atomic_uint cuts;
	/* The rest is the cutter's. */
	char path[100];
	uint32_t seed;
	int listener, wake;
	atomic_bool stop, cut;
	pthread_t thread;
};

/* In front of that ipc:// address. The seed says where the connections are cut. */
void cutter_start(struct cutter *cutter, const char *url, uint32_t seed);
void cutter_stop(struct cutter *cutter);

/* Cut all connections now; they have been when it returns. */
void cutter_cut(struct cutter *cutter);

#endif
