/* Cutting large messages into parts, and putting them together: see pipe_parts.h. */
#include "pipe/pipe_parts.h"

#include "base/mutant.h"

#include <relevo/pipe.h>
#include <stdlib.h>
#include <string.h>

void pipe_parts_fini(struct pipe_parts *parts)
{
	buffer_fini(&parts->partial);
}

int pipe_parts_add(struct pipe_parts *parts, unsigned flags, const void *data, size_t size,
		   struct error *error)
{
	if ((flags & ~(unsigned)(PART_FIRST | PART_LAST)) != 0)
		return error_set(error, RELEVO_BAD_FRAME, "what came is no part of a message");
	if ((flags & PART_FIRST) != 0 && !(parts->begun && MUTANT(parts_run_together))) {
		buffer_truncate(&parts->partial, 0);
		parts->begun = true;
	}
	if (!parts->begun || buffer_size(&parts->partial) + size > RELEVO_PIPE_MAX)
		return error_set(error, RELEVO_BAD_FRAME, "what came is no part of a message");
	if (!buffer_append(&parts->partial, data, size))
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a message");
	parts->complete = (flags & PART_LAST) != 0;
	return RELEVO_OK;
}

int pipe_parts_take(struct pipe_parts *parts, struct pipe_message *message, struct error *error)
{
	struct buffer *partial = &parts->partial;
	size_t size = buffer_size(partial);
	char *data = malloc(size + 1);
	if (data == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a message");
	if (size > 0)
		memcpy(data, buffer_data(partial), size);
	data[size] = '\0';
	*message = (struct pipe_message){ .data = data, .size = size };
	parts->complete = parts->begun = false;
	buffer_truncate(partial, 0);
	buffer_shrink(partial, PART_MAX);
	return RELEVO_OK;
}

struct pipe_part pipe_parts_next(const struct pipe_sending *sending, size_t done, size_t most)
{
	size_t left = sending->size - done;
	size_t size = left < most ? left : most;
	return (struct pipe_part){
		.flags = (done == 0 ? PART_FIRST : 0u) | (size == left ? PART_LAST : 0u),
		.data = (const char *)sending->data + done,
		.size = size,
	};
}
