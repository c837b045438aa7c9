/* What a task's function answers, on its way into the result. */
#include "worker/task_reply.h"

#include "base/thread_error.h"

#include <stdarg.h>
#include <stdio.h>

void task_reply_begin(struct relevo_reply *reply)
{
	reply->before = buffer_size(&reply->bodies);
	reply->failed = false;
}

size_t task_reply_size(const struct relevo_reply *reply)
{
	return buffer_size(&reply->bodies) - reply->before;
}

void task_reply_drop_complete(struct relevo_reply *reply)
{
	buffer_consume(&reply->bodies, reply->before);
	reply->before = 0;
}

bool task_reply_put(struct relevo_reply *reply, const void *data, size_t size, bool failed)
{
	buffer_truncate(&reply->bodies, reply->before);
	if (!buffer_append(&reply->bodies, data, size))
		return false;
	reply->failed = failed;
	return true;
}

static bool put_locked(struct relevo_reply *reply, const void *data, size_t size, bool failed)
{
	pthread_mutex_lock(&reply->lock);
	bool done = task_reply_put(reply, data, size, failed);
	pthread_mutex_unlock(&reply->lock);
	return done;
}

int relevo_reply_set(relevo_reply *reply, const void *data, size_t size)
{
	if (!given(reply) || (size > 0 && !given(data)))
		return RELEVO_BAD_ARGUMENT;
	if (put_locked(reply, data, size, false))
		return RELEVO_OK;
	return error_set(thread_error(), RELEVO_NO_MEMORY, "no memory for a result of %zu bytes",
			 size);
}

int relevo_reply_fail(relevo_reply *reply, const char *format, ...)
{
	if (!given(reply, format))
		return RELEVO_BAD_ARGUMENT;
	char text[1024];
	va_list arguments;
	va_start(arguments, format);
	int size = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (size < 0)
		size = 0;
	size_t kept = (size_t)size < sizeof text ? (size_t)size : sizeof text - 1;
	put_locked(reply, text, kept, true);
	return RELEVO_REMOTE;
}

int relevo_reply_fail_with(relevo_reply *reply, int status, const void *data, size_t size)
{
	if (!given(reply) || (size > 0 && !given(data)))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	if (status == RELEVO_OK)
		return error_set(error, RELEVO_BAD_ARGUMENT, "a failure that is called OK");
	if (put_locked(reply, data, size, true))
		return status;
	return error_set(error, RELEVO_NO_MEMORY, "no memory for an error of %zu bytes", size);
}

int relevo_reply_progress(relevo_reply *reply, const void *data, size_t size)
{
	if (!given(reply) || (size > 0 && !given(data)))
		return RELEVO_BAD_ARGUMENT;
	thread_error();
	return reply->progress(reply, &(struct relevo_bytes){ data, size });
}
