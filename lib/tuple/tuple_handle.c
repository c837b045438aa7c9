/* Handles of objects in a tuple: adding them, and opening what they stand for. */
#include "base/thread_error.h"
#include "session/handle_text.h"
#include "sync/mutex.h"
#include "sync/shared.h"
#include "sync/sync_handle.h"
#include "tuple/tuple.h"

#include <relevo/array.h>
#include <relevo/barrier.h>
#include <relevo/condition.h>
#include <relevo/event.h>
#include <relevo/handle.h>
#include <relevo/rlock.h>
#include <relevo/semaphore.h>
#include <relevo/value.h>
#include <string.h>

/* ---- putting objects in ------------------------------------------------- */

static int add_text(relevo_tuple *tuple, const char *name, enum relevo_tuple_type kind,
		    const char *text)
{
	return tuple_add_data(tuple, name, kind, (struct relevo_bytes){ text, strlen(text) });
}

static int add_handle(relevo_tuple *tuple, const char *name, enum relevo_tuple_type kind,
		      const struct handle *handle)
{
	const struct object_identity object = handle_identity(handle);
	char text[RELEVO_HANDLE_TEXT];
	int status = handle_print(&object, tuple_kind_name(kind), text, sizeof text);
	return status == RELEVO_OK ? add_text(tuple, name, kind, text) : status;
}

int relevo_tuple_add_queue(relevo_tuple *tuple, const char *name, const relevo_queue *queue)
{
	if (!given(tuple, queue))
		return RELEVO_BAD_ARGUMENT;
	return add_handle(tuple, name, RELEVO_TUPLE_QUEUE, &queue->handle);
}

int relevo_tuple_add_lock(relevo_tuple *tuple, const char *name, const relevo_lock *lock)
{
	if (!given(tuple, lock))
		return RELEVO_BAD_ARGUMENT;
	return add_handle(tuple, name, RELEVO_TUPLE_LOCK, &lock->mutex.source.queue.handle);
}

int relevo_tuple_add_rlock(relevo_tuple *tuple, const char *name, const relevo_rlock *lock)
{
	if (!given(tuple, lock))
		return RELEVO_BAD_ARGUMENT;
	return add_handle(tuple, name, RELEVO_TUPLE_RLOCK, &lock->mutex.source.queue.handle);
}

int relevo_tuple_add_semaphore(relevo_tuple *tuple, const char *name,
			       const relevo_semaphore *semaphore)
{
	if (!given(tuple, semaphore))
		return RELEVO_BAD_ARGUMENT;
	return add_handle(tuple, name, RELEVO_TUPLE_SEMAPHORE, semaphore_handle(semaphore));
}

int relevo_tuple_add_condition(relevo_tuple *tuple, const char *name,
			       const relevo_condition *condition)
{
	if (!given(tuple, condition))
		return RELEVO_BAD_ARGUMENT;
	return add_handle(tuple, name, RELEVO_TUPLE_CONDITION, condition_handle(condition));
}

int relevo_tuple_add_event(relevo_tuple *tuple, const char *name, const relevo_event *event)
{
	if (!given(tuple, event))
		return RELEVO_BAD_ARGUMENT;
	return add_handle(tuple, name, RELEVO_TUPLE_EVENT, event_handle(event));
}

int relevo_tuple_add_barrier(relevo_tuple *tuple, const char *name, const relevo_barrier *barrier)
{
	if (!given(tuple, barrier))
		return RELEVO_BAD_ARGUMENT;
	return add_handle(tuple, name, RELEVO_TUPLE_BARRIER, barrier_handle(barrier));
}

int relevo_tuple_add_value(relevo_tuple *tuple, const char *name, const relevo_value *value)
{
	if (!given(tuple, value))
		return RELEVO_BAD_ARGUMENT;
	return add_handle(tuple, name, RELEVO_TUPLE_VALUE, value_handle(value));
}

int relevo_tuple_add_array(relevo_tuple *tuple, const char *name, const relevo_array *array)
{
	if (!given(tuple, array))
		return RELEVO_BAD_ARGUMENT;
	return add_handle(tuple, name, RELEVO_TUPLE_ARRAY, array_handle(array));
}

int relevo_tuple_add_shared(relevo_tuple *tuple, const char *name, const relevo_shared *shared)
{
	if (!given(tuple, shared))
		return RELEVO_BAD_ARGUMENT;
	char text[RELEVO_HANDLE_TEXT];
	int status = relevo_shared_to_text(shared, text, sizeof text);
	return status == RELEVO_OK ? add_text(tuple, name, RELEVO_TUPLE_SHARED, text) : status;
}

/* ---- opening them ------------------------------------------------------- */

static bool is_handle(enum relevo_tuple_type kind)
{
	return kind >= RELEVO_TUPLE_QUEUE && kind <= RELEVO_TUPLE_SHARED;
}

static int parse_any(const struct element *element, struct handle_description *description)
{
	return handle_parse(element->data, tuple_kind_name(element->kind), description,
			    thread_error());
}

bool tuple_first_url(const relevo_tuple *tuple, char url[ADDRESS_MAX])
{
	for (size_t i = 0; i < tuple->count; i++) {
		const struct element *element = &tuple->elements[i];
		struct handle_description description;
		if (element->inner != NULL && tuple_first_url(element->inner, url))
			return true;
		if (!is_handle(element->kind) || parse_any(element, &description) != RELEVO_OK)
			continue;
		strcpy(url, description.url);
		return true;
	}
	return false;
}

int relevo_tuple_url(const relevo_tuple *tuple, size_t index, char *url, size_t size)
{
	if (!given(tuple) || (size > 0 && !given(url)))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	struct handle_description description;
	if (index >= tuple->count || !is_handle(tuple->elements[index].kind))
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "there is no handle of a broker's object at %zu", index);
	int status = parse_any(&tuple->elements[index], &description);
	if (status == RELEVO_OK && strlen(description.url) >= size)
		status = error_set(error, RELEVO_TOO_SHORT, "the URL takes more than %zu bytes",
				   size);
	if (status == RELEVO_OK)
		strcpy(url, description.url);
	return status;
}

/* The text of the handle at `index`. */
static int handle_text_at(const relevo_tuple *tuple, size_t index, enum relevo_tuple_type kind,
			  const char **text)
{
	struct element *element = NULL;
	int status = tuple_element(tuple, index, kind, &element, thread_error());
	if (status == RELEVO_OK)
		*text = element->data;
	return status;
}

int relevo_tuple_queue(const relevo_tuple *tuple, size_t index, relevo_session *session,
		       const struct relevo_queue_options *options, relevo_queue **queue)
{
	if (!given(tuple, session, queue))
		return RELEVO_BAD_ARGUMENT;
	const char *text = NULL;
	int status = handle_text_at(tuple, index, RELEVO_TUPLE_QUEUE, &text);
	return status == RELEVO_OK ? relevo_queue_from_text(session, text, options, queue) : status;
}

int relevo_tuple_lock(const relevo_tuple *tuple, size_t index, relevo_session *session,
		      const struct relevo_lock_options *options, relevo_lock **lock)
{
	if (!given(tuple, session, lock))
		return RELEVO_BAD_ARGUMENT;
	const char *text = NULL;
	int status = handle_text_at(tuple, index, RELEVO_TUPLE_LOCK, &text);
	return status == RELEVO_OK ? relevo_lock_from_text(session, text, options, lock) : status;
}

int relevo_tuple_rlock(const relevo_tuple *tuple, size_t index, relevo_session *session,
		       const struct relevo_lock_options *options, relevo_rlock **lock)
{
	if (!given(tuple, session, lock))
		return RELEVO_BAD_ARGUMENT;
	const char *text = NULL;
	int status = handle_text_at(tuple, index, RELEVO_TUPLE_RLOCK, &text);
	return status == RELEVO_OK ? relevo_rlock_from_text(session, text, options, lock) : status;
}

int relevo_tuple_semaphore(const relevo_tuple *tuple, size_t index, relevo_session *session,
			   const struct relevo_semaphore_options *options,
			   relevo_semaphore **semaphore)
{
	if (!given(tuple, session, semaphore))
		return RELEVO_BAD_ARGUMENT;
	const char *text = NULL;
	int status = handle_text_at(tuple, index, RELEVO_TUPLE_SEMAPHORE, &text);
	return status == RELEVO_OK ? relevo_semaphore_from_text(session, text, options, semaphore)
				   : status;
}

int relevo_tuple_condition(const relevo_tuple *tuple, size_t index, relevo_session *session,
			   const struct relevo_condition_options *options,
			   relevo_condition **condition)
{
	if (!given(tuple, session, condition))
		return RELEVO_BAD_ARGUMENT;
	const char *text = NULL;
	int status = handle_text_at(tuple, index, RELEVO_TUPLE_CONDITION, &text);
	return status == RELEVO_OK ? relevo_condition_from_text(session, text, options, condition)
				   : status;
}

int relevo_tuple_event(const relevo_tuple *tuple, size_t index, relevo_session *session,
		       const struct relevo_event_options *options, relevo_event **event)
{
	if (!given(tuple, session, event))
		return RELEVO_BAD_ARGUMENT;
	const char *text = NULL;
	int status = handle_text_at(tuple, index, RELEVO_TUPLE_EVENT, &text);
	return status == RELEVO_OK ? relevo_event_from_text(session, text, options, event) : status;
}

int relevo_tuple_barrier(const relevo_tuple *tuple, size_t index, relevo_session *session,
			 const struct relevo_barrier_options *options, relevo_barrier **barrier)
{
	if (!given(tuple, session, barrier))
		return RELEVO_BAD_ARGUMENT;
	const char *text = NULL;
	int status = handle_text_at(tuple, index, RELEVO_TUPLE_BARRIER, &text);
	return status == RELEVO_OK ? relevo_barrier_from_text(session, text, options, barrier)
				   : status;
}

int relevo_tuple_value(const relevo_tuple *tuple, size_t index, relevo_session *session,
		       const struct relevo_value_options *options, relevo_value **value)
{
	if (!given(tuple, session, value))
		return RELEVO_BAD_ARGUMENT;
	const char *text = NULL;
	int status = handle_text_at(tuple, index, RELEVO_TUPLE_VALUE, &text);
	return status == RELEVO_OK ? relevo_value_from_text(session, text, options, value) : status;
}

int relevo_tuple_array(const relevo_tuple *tuple, size_t index, relevo_session *session,
		       const struct relevo_array_options *options, relevo_array **array)
{
	if (!given(tuple, session, array))
		return RELEVO_BAD_ARGUMENT;
	const char *text = NULL;
	int status = handle_text_at(tuple, index, RELEVO_TUPLE_ARRAY, &text);
	return status == RELEVO_OK ? relevo_array_from_text(session, text, options, array) : status;
}

int relevo_tuple_shared(const relevo_tuple *tuple, size_t index, relevo_session *session,
			const struct relevo_shared_options *options, relevo_shared **shared)
{
	if (!given(tuple, session, shared))
		return RELEVO_BAD_ARGUMENT;
	const char *text = NULL;
	int status = handle_text_at(tuple, index, RELEVO_TUPLE_SHARED, &text);
	return status == RELEVO_OK ? relevo_shared_from_text(session, text, options, shared)
				   : status;
}
