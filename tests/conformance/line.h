#ifndef CONFORMANCE_LINE_H
#define CONFORMANCE_LINE_H

#include "conformance/stage.h"

/*
 * A pipe between a case and its child: made beforehand and inherited or, if the child
 * is on another host, opened by its name at both ends.
 */
struct line {
	struct stage *stage;
	enum relevo_direction direction; /* of the case's end */
	char name[32];
	relevo_pipe *ends[2];
};

/* Before the child is started. Each line of a case needs a name of its own. */
struct line line_make(struct stage *stage, const char *name, enum relevo_direction direction);

/* The end of the case, or of the child; the other one is closed there. */
relevo_pipe *line_here(struct line *line);
relevo_pipe *line_there(struct line *line);

/* Send and expect a text. */
void line_send(relevo_pipe *pipe, const char *text);
void line_expect(relevo_pipe *pipe, const char *text);

#endif
