#ifndef SESSION_ATTENTION_H
#define SESSION_ATTENTION_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * What a call looks at besides its answer: once one of these descriptors is readable, it ends
 * with INTERRUPTED. So whoever waits for results need not wake every now and then to see
 * whether there is still somebody to wait for.
 */
enum { ATTENTION_FDS = 2 };

struct attention {
	int fds[ATTENTION_FDS]; /* -1: none */
	bool due;               /* one of them has ended the call */
};

/* What of it to poll; `attention` may be NULL: nothing. */
static inline void attention_describe(const struct attention *attention,
				      struct pollfd entries[ATTENTION_FDS])
{
	for (int i = 0; i < ATTENTION_FDS; i++)
		entries[i] = (struct pollfd){
			.fd = attention != NULL ? attention->fds[i] : -1,
			.events = POLLIN,
		};
}

/* And what the poll has found. */
static inline bool attention_look(struct attention *attention,
				  const struct pollfd entries[ATTENTION_FDS])
{
	for (int i = 0; attention != NULL && i < ATTENTION_FDS; i++)
		attention->due = attention->due || entries[i].revents != 0;
	return attention != NULL && attention->due;
}

#endif
