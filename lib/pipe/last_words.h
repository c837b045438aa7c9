#ifndef PIPE_LAST_WORDS_H
#define PIPE_LAST_WORDS_H

#include "base/list.h"
#include "transport/channel.h"

#include <stdbool.h>
#include <sys/types.h>

/*
 * What a channel has accepted and not sent when the program ends: nothing but this process would
 * send it. Of those that stand in the list, exit(3) waits for that, as for what was put into
 * queues.
 */
struct last_words {
	struct list link;
	struct channel *channel;
	pid_t process; /* a forked child has its parent's in the list, too */
};

/* False: there is no memory to have it done. */
bool last_words_keep(struct last_words *words, struct channel *channel);

/* Before the channel is closed. Only what was kept. */
void last_words_forget(struct last_words *words);

#endif
