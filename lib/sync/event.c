/* Events: a flag at the broker that is set, cleared and waited for. */
#include "sync/event.h"
#include "base/deadline.h"
#include "base/mutant.h"
#include "base/thread_error.h"
#include "sync/sync_handle.h"

#include <stdio.h>
#include <stdlib.h>

#define PURPOSE "event"

int relevo_event_open(relevo_session *session, const char *name,
		      const struct relevo_event_options *options, relevo_event **out)
{
	if (!given(session, out) || !known(relevo_event_options, options))
		return RELEVO_BAD_ARGUMENT;
	static const struct relevo_event_options defaults;
	struct error *error = thread_error();
	if (options == NULL)
		options = &defaults;
	const uint8_t initial = options->set;
	const struct cell_spec spec = {
		.mode = options->mode,
		.lifetime = options->lifetime,
		.type = ELEMENT_UINT8,
		.count = 1,
		.purpose = PURPOSE,
		.initial = &initial,
		.durable = options->durable,
	};
	struct relevo_event *event = calloc(1, sizeof *event);
	if (event == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for an event's handle");
	int status = cell_attach(&event->cell, session, name, &spec, error);
	if (status != RELEVO_OK) {
		free(event);
		return status;
	}
	*out = event;
	return RELEVO_OK;
}

void relevo_event_close(relevo_event *event)
{
	if (event == NULL)
		return;
	watch_forget(&event->cell.watched, event);
	cell_detach(&event->cell);
	free(event);
}

int relevo_event_delete(relevo_session *session, const char *name)
{
	if (!given(session, name))
		return RELEVO_BAD_ARGUMENT;
	return cell_remove(session, name, PURPOSE);
}

const struct handle *event_handle(const relevo_event *event)
{
	return &event->cell.handle;
}

const char *relevo_event_name(const relevo_event *event)
{
	if (!given(event))
		return "";
	return event->cell.handle.name;
}

static int event_change(relevo_event *event, uint8_t flag)
{
	const struct cell_term term = { 0, CELL_SET, &flag, sizeof flag };
	struct cell_update change = { .terms = &term, .count = 1 };
	return cell_call_update(&event->cell, &change, session_limit(event->cell.handle.session),
				thread_error());
}

int relevo_event_set(relevo_event *event)
{
	if (!given(event))
		return RELEVO_BAD_ARGUMENT;
	return event_change(event, 1);
}

int relevo_event_clear(relevo_event *event)
{
	if (!given(event))
		return RELEVO_BAD_ARGUMENT;
	if (MUTANT(clear_does_nothing))
		return RELEVO_OK;
	return event_change(event, 0);
}

static int event_look(relevo_event *event, bool *set, uint32_t *waiters)
{
	uint8_t flag = 0;
	struct cell_update change = { .read_count = 1, .read = &flag };
	int status = cell_call_update(&event->cell, &change,
				      session_limit(event->cell.handle.session), thread_error());
	*set = flag != 0;
	*waiters = change.waiters;
	return status;
}

int relevo_event_is_set(relevo_event *event, bool *set)
{
	if (!given(event, set))
		return RELEVO_BAD_ARGUMENT;
	uint32_t waiters;
	bool now;
	int status = event_look(event, &now, &waiters);
	if (status == RELEVO_OK)
		*set = now;
	return status;
}

int relevo_event_wait(relevo_event *event, int64_t timeout)
{
	if (!given(event))
		return RELEVO_BAD_ARGUMENT;
	static const uint8_t clear = 0;
	struct error *error = thread_error();
	struct cell_wait watch = { .term = { 0, ELEMENT_NOT_EQUAL, &clear, sizeof clear } };
	int status = deadline_after(timeout, &watch.deadline, error);
	return status == RELEVO_OK ? cell_call_wait(&event->cell, &watch, error) : status;
}

int relevo_event_describe(relevo_event *event, char *text, size_t size)
{
	if (!given(event) || (size > 0 && !given(text)))
		return RELEVO_BAD_ARGUMENT;
	const struct handle *handle = &event->cell.handle;
	uint32_t waiters;
	bool set;
	int status = event_look(event, &set, &waiters);
	if (status != RELEVO_OK)
		return status;
	int length =
		snprintf(text, size, "event \"%s\" at %s: %s, %u waiting", handle->name,
			 relevo_session_url(handle->session), set ? "set" : "not set", waiters);
	if ((size_t)length >= size)
		return error_set(thread_error(), RELEVO_TOO_SHORT,
				 "the description takes %d bytes, and there are %zu", length + 1,
				 size);
	return RELEVO_OK;
}
