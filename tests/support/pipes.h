#ifndef SUPPORT_PIPES_H
#define SUPPORT_PIPES_H

#include "support/queues.h"

/* Both ends of a pipe, in one process. */
struct ends {
	relevo_pipe *ends[2];
};

struct ends pipe_of(enum relevo_direction direction);
void close_both(struct ends *made);

/* One message, with a text. */
void pipe_send_text(relevo_pipe *pipe, const char *text);
void pipe_expect_text(relevo_pipe *pipe, const char *text);

#endif
