#include "process/reply.h"

#include "client/error.h"

#include <stdarg.h>
#include <stdio.h>

void reply_begin(struct relevo_reply *reply)
{
	reply->before = buffer_size(&reply->bodies);
	reply->failed = false;
}

size_t reply_size(const struct relevo_reply *reply)
{
	return buffer_size(&reply->bodies) - reply->before;
}

void reply_drop_complete(struct relevo_reply *reply)
{
	buffer_consume(&reply->bodies, reply->before);
	reply->before = 0;
}

int relevo_reply_set(relevo_reply *reply, const void *data, size_t size)
{
	buffer_truncate(&reply->bodies, reply->before);
	if (!buffer_append(&reply->bodies, data, size))
		return error_set(client_error(), RELEVO_NO_MEMORY,
				 "no memory for a result of %zu bytes", size);
	reply->failed = false;
	return RELEVO_OK;
}

int relevo_reply_fail(relevo_reply *reply, const char *format, ...)
{
	char text[1024];
	va_list arguments;
	va_start(arguments, format);
	int size = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (size < 0)
		size = 0;
	size_t kept = (size_t)size < sizeof text ? (size_t)size : sizeof text - 1;
	relevo_reply_set(reply, text, kept);
	reply->failed = true;
	return RELEVO_REMOTE;
}
