#include "conformance/line.h"

#include <stdlib.h>

struct line line_make(struct stage *stage, const char *name, enum relevo_direction direction)
{
	struct line line = { .stage = stage, .direction = direction };
	snprintf(line.name, sizeof line.name, "%s", name);
	if (!stage->over_tcp)
		assert_ok(relevo_pipe_pair(direction, line.ends));
	return line;
}

relevo_pipe *line_here(struct line *line)
{
	if (line->stage->over_tcp)
		assert_ok(relevo_pipe_open(line->stage->session, line->name, line->direction,
					   TEST_PATIENCE, &line->ends[0]));
	else
		relevo_pipe_close(line->ends[1]);
	return line->ends[0];
}

relevo_pipe *line_there(struct line *line)
{
	static const enum relevo_direction others[] = { RELEVO_DIRECTION_BOTH,
							RELEVO_DIRECTION_SEND,
							RELEVO_DIRECTION_RECEIVE };
	if (line->stage->over_tcp)
		child_check(relevo_pipe_open(stage_session(line->stage), line->name,
					     others[line->direction], TEST_PATIENCE,
					     &line->ends[1]) == RELEVO_OK);
	else
		relevo_pipe_close(line->ends[0]);
	return line->ends[1];
}

void line_send(relevo_pipe *pipe, const char *text)
{
	child_check(relevo_pipe_send(pipe, text, strlen(text), TEST_PATIENCE) == RELEVO_OK);
}

void line_expect(relevo_pipe *pipe, const char *text)
{
	void *data = NULL;
	size_t size = 0;
	child_check(relevo_pipe_recv(pipe, TEST_PATIENCE, &data, &size) == RELEVO_OK);
	child_check(size == strlen(text) && memcmp(data, text, size + 1) == 0);
	free(data);
}
