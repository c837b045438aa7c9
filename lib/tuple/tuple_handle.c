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

static int tuple_handle_add(relevo_tuple *tuple, const char *name, enum relevo_tuple_type kind,
			    const struct object_identity *object)
{
	char text[RELEVO_HANDLE_TEXT];
	int status = handle_print(object, tuple_kind_name(kind), text, sizeof text);
	if (status != RELEVO_OK)
		return status;
	return tuple_add_data(tuple, name, kind, (struct relevo_bytes){ text, strlen(text) });
}

static int add_handle(relevo_tuple *tuple, const char *name, enum relevo_tuple_type kind,
		      const struct handle *handle)
{
	const struct object_identity object = handle_identity(handle);
	return tuple_handle_add(tuple, name, kind, &object);
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

static struct object_identity shared_identity(const relevo_shared *shared)
{
	return (struct object_identity){ shared->session, shared->name, shared->broker,
					 shared->identity };
}

int relevo_tuple_add_shared(relevo_tuple *tuple, const char *name, const relevo_shared *shared)
{
	if (!given(tuple, shared))
		return RELEVO_BAD_ARGUMENT;
	const struct object_identity object = shared_identity(shared);
	return tuple_handle_add(tuple, name, RELEVO_TUPLE_SHARED, &object);
}

/* ---- opening them ------------------------------------------------------- */

/* What the value at `index` says. */
static int tuple_handle_describe(const relevo_tuple *tuple, size_t index,
				 enum relevo_tuple_type kind,
				 struct handle_description *description)
{
	struct error *error = thread_error();
	struct element *element = NULL;
	int status = tuple_element(tuple, index, kind, &element, error);
	if (status == RELEVO_OK)
		status = handle_parse(element->data, tuple_kind_name(kind), description, error);
	return status;
}

/* Whether that is what has been opened. */
static bool is_it(const struct handle *handle, const struct handle_description *description)
{
	const struct object_identity object = handle_identity(handle);
	return handle_is_same(&object, description);
}

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

int relevo_tuple_queue(const relevo_tuple *tuple, size_t index, relevo_session *session,
		       const struct relevo_queue_options *options, relevo_queue **queue)
{
	if (!given(tuple, queue))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	struct element *element = NULL;
	int status = tuple_element(tuple, index, RELEVO_TUPLE_QUEUE, &element, error);
	if (status != RELEVO_OK)
		return status;
	return relevo_queue_from_text(session, element->data, options, queue);
}

int relevo_tuple_lock(const relevo_tuple *tuple, size_t index, relevo_session *session,
		      const struct relevo_lock_options *options, relevo_lock **lock)
{
	if (!given(tuple, lock))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	struct element *element = NULL;
	int status = tuple_element(tuple, index, RELEVO_TUPLE_LOCK, &element, error);
	if (status != RELEVO_OK)
		return status;
	return relevo_lock_from_text(session, element->data, options, lock);
}

int relevo_tuple_rlock(const relevo_tuple *tuple, size_t index, relevo_session *session,
		       const struct relevo_lock_options *options, relevo_rlock **lock)
{
	if (!given(tuple, lock))
		return RELEVO_BAD_ARGUMENT;
	struct handle_description description;
	struct relevo_lock_options existing = { 0 };
	int status = tuple_handle_describe(tuple, index, RELEVO_TUPLE_RLOCK, &description);
	if (status != RELEVO_OK)
		return status;
	if (options != NULL)
		existing = *options;
	existing.mode = RELEVO_OPEN_EXISTING;
	status = relevo_rlock_open(session, description.name, &existing, lock);
	if (status == RELEVO_OK && !is_it(&(*lock)->mutex.source.queue.handle, &description)) {
		relevo_rlock_close(*lock);
		status = RELEVO_NOT_FOUND;
	}
	return status == RELEVO_NOT_FOUND ? handle_gone(&description) : status;
}

int relevo_tuple_semaphore(const relevo_tuple *tuple, size_t index, relevo_session *session,
			   const struct relevo_semaphore_options *options,
			   relevo_semaphore **semaphore)
{
	if (!given(tuple, semaphore))
		return RELEVO_BAD_ARGUMENT;
	struct handle_description description;
	struct relevo_semaphore_options existing = { 0 };
	int status = tuple_handle_describe(tuple, index, RELEVO_TUPLE_SEMAPHORE, &description);
	if (status != RELEVO_OK)
		return status;
	if (options != NULL)
		existing = *options;
	existing.mode = RELEVO_OPEN_EXISTING;
	status = relevo_semaphore_open(session, description.name, &existing, semaphore);
	if (status == RELEVO_OK && !is_it(semaphore_handle(*semaphore), &description)) {
		relevo_semaphore_close(*semaphore);
		status = RELEVO_NOT_FOUND;
	}
	return status == RELEVO_NOT_FOUND ? handle_gone(&description) : status;
}

int relevo_tuple_condition(const relevo_tuple *tuple, size_t index, relevo_session *session,
			   const struct relevo_condition_options *options,
			   relevo_condition **condition)
{
	if (!given(tuple, condition))
		return RELEVO_BAD_ARGUMENT;
	struct handle_description description;
	struct relevo_condition_options existing = { 0 };
	int status = tuple_handle_describe(tuple, index, RELEVO_TUPLE_CONDITION, &description);
	if (status != RELEVO_OK)
		return status;
	if (options != NULL)
		existing = *options;
	existing.mode = RELEVO_OPEN_EXISTING;
	status = relevo_condition_open(session, description.name, &existing, condition);
	if (status == RELEVO_OK && !is_it(condition_handle(*condition), &description)) {
		relevo_condition_close(*condition);
		status = RELEVO_NOT_FOUND;
	}
	return status == RELEVO_NOT_FOUND ? handle_gone(&description) : status;
}

int relevo_tuple_event(const relevo_tuple *tuple, size_t index, relevo_session *session,
		       const struct relevo_event_options *options, relevo_event **event)
{
	if (!given(tuple, event))
		return RELEVO_BAD_ARGUMENT;
	struct handle_description description;
	struct relevo_event_options existing = { 0 };
	int status = tuple_handle_describe(tuple, index, RELEVO_TUPLE_EVENT, &description);
	if (status != RELEVO_OK)
		return status;
	if (options != NULL)
		existing = *options;
	existing.mode = RELEVO_OPEN_EXISTING;
	status = relevo_event_open(session, description.name, &existing, event);
	if (status == RELEVO_OK && !is_it(event_handle(*event), &description)) {
		relevo_event_close(*event);
		status = RELEVO_NOT_FOUND;
	}
	return status == RELEVO_NOT_FOUND ? handle_gone(&description) : status;
}

int relevo_tuple_barrier(const relevo_tuple *tuple, size_t index, relevo_session *session,
			 const struct relevo_barrier_options *options, relevo_barrier **barrier)
{
	if (!given(tuple, session, barrier))
		return RELEVO_BAD_ARGUMENT;
	struct handle_description description;
	struct relevo_barrier_options existing = { 0 };
	int status = tuple_handle_describe(tuple, index, RELEVO_TUPLE_BARRIER, &description);
	if (status != RELEVO_OK)
		return status;
	if (options != NULL)
		existing = *options;
	existing.mode = RELEVO_OPEN_EXISTING;
	status = relevo_barrier_open(session, description.name, &existing, barrier);
	if (status == RELEVO_OK && !is_it(barrier_handle(*barrier), &description)) {
		relevo_barrier_close(*barrier);
		status = RELEVO_NOT_FOUND;
	}
	return status == RELEVO_NOT_FOUND ? handle_gone(&description) : status;
}

int relevo_tuple_value(const relevo_tuple *tuple, size_t index, relevo_session *session,
		       const struct relevo_value_options *options, relevo_value **value)
{
	if (!given(tuple, value))
		return RELEVO_BAD_ARGUMENT;
	struct handle_description description;
	struct relevo_value_options existing = { 0 };
	int status = tuple_handle_describe(tuple, index, RELEVO_TUPLE_VALUE, &description);
	if (status != RELEVO_OK)
		return status;
	if (options != NULL)
		existing = *options;
	existing.mode = RELEVO_OPEN_EXISTING;
	status = relevo_value_open(session, description.name, &existing, value);
	if (status == RELEVO_OK && !is_it(value_handle(*value), &description)) {
		relevo_value_close(*value);
		status = RELEVO_NOT_FOUND;
	}
	return status == RELEVO_NOT_FOUND ? handle_gone(&description) : status;
}

int relevo_tuple_array(const relevo_tuple *tuple, size_t index, relevo_session *session,
		       const struct relevo_array_options *options, relevo_array **array)
{
	if (!given(tuple, array))
		return RELEVO_BAD_ARGUMENT;
	struct handle_description description;
	struct relevo_array_options existing = { 0 };
	int status = tuple_handle_describe(tuple, index, RELEVO_TUPLE_ARRAY, &description);
	if (status != RELEVO_OK)
		return status;
	if (options != NULL)
		existing = *options;
	existing.mode = RELEVO_OPEN_EXISTING;
	status = relevo_array_open(session, description.name, &existing, array);
	if (status == RELEVO_OK && !is_it(array_handle(*array), &description)) {
		relevo_array_close(*array);
		status = RELEVO_NOT_FOUND;
	}
	return status == RELEVO_NOT_FOUND ? handle_gone(&description) : status;
}

int relevo_tuple_shared(const relevo_tuple *tuple, size_t index, relevo_session *session,
			const struct relevo_shared_options *options, relevo_shared **shared)
{
	if (!given(tuple, shared))
		return RELEVO_BAD_ARGUMENT;
	struct handle_description description;
	struct relevo_shared_options existing = { 0 };
	int status = tuple_handle_describe(tuple, index, RELEVO_TUPLE_SHARED, &description);
	if (status != RELEVO_OK)
		return status;
	if (options != NULL)
		existing = *options;
	existing.mode = RELEVO_OPEN_EXISTING;
	status = relevo_shared_open(session, description.name, 0, &existing, shared);
	if (status == RELEVO_OK) {
		const struct object_identity object = shared_identity(*shared);
		if (!handle_is_same(&object, &description)) {
			relevo_shared_close(*shared);
			status = RELEVO_NOT_FOUND;
		}
	}
	return status == RELEVO_NOT_FOUND ? handle_gone(&description) : status;
}
