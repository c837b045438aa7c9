/* Reading the values of a tuple, and taking descriptors out of it. */
#include "base/thread_error.h"
#include "tuple/tuple.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

const char *tuple_kind_name(enum relevo_tuple_type kind)
{
	static const char *const names[] = {
		"none",  "bool",  "int",    "double",    "text",       "byte string", "tuple",
		"queue", "lock",  "rlock",  "semaphore", "condition",  "event",       "barrier",
		"value", "array", "shared", "pipe",      "descriptor",
	};
	size_t count = sizeof names / sizeof *names;
	return (size_t)kind < count ? names[kind] : "something";
}

bool tuple_has_descriptor(enum relevo_tuple_type kind)
{
	return kind == RELEVO_TUPLE_DESCRIPTOR || kind == RELEVO_TUPLE_PIPE;
}

int tuple_element(const relevo_tuple *tuple, size_t index, enum relevo_tuple_type kind,
		  struct element **element, struct error *error)
{
	if (index >= tuple->count)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "value %zu is asked for as a %s, and the tuple has %zu", index,
				 tuple_kind_name(kind), tuple->count);
	*element = &tuple->elements[index];
	if ((*element)->kind != kind)
		return error_set(error, RELEVO_BAD_ARGUMENT, "value %zu is a %s, not a %s", index,
				 tuple_kind_name((*element)->kind), tuple_kind_name(kind));
	return RELEVO_OK;
}

size_t relevo_tuple_count(const relevo_tuple *tuple)
{
	if (!given(tuple))
		return 0;
	return tuple->count;
}

enum relevo_tuple_type relevo_tuple_kind(const relevo_tuple *tuple, size_t index)
{
	if (!given(tuple))
		return (enum relevo_tuple_type)0;
	return index < tuple->count ? tuple->elements[index].kind : RELEVO_TUPLE_NONE;
}

const char *relevo_tuple_name(const relevo_tuple *tuple, size_t index)
{
	if (!given(tuple))
		return "";
	return index < tuple->count ? tuple->elements[index].name : NULL;
}

int relevo_tuple_find(const relevo_tuple *tuple, const char *name, size_t *index)
{
	if (!given(tuple, name, index))
		return RELEVO_BAD_ARGUMENT;
	for (size_t i = 0; i < tuple->count; i++) {
		const char *its = tuple->elements[i].name;
		if (its != NULL && strcmp(its, name) == 0) {
			*index = i;
			return RELEVO_OK;
		}
	}
	return error_set(thread_error(), RELEVO_NOT_FOUND, "the tuple has no value \"%s\"", name);
}

int relevo_tuple_bool(const relevo_tuple *tuple, size_t index, bool *value)
{
	if (!given(tuple, value))
		return RELEVO_BAD_ARGUMENT;
	struct element *element = NULL;
	int status = tuple_element(tuple, index, RELEVO_TUPLE_BOOL, &element, thread_error());
	if (status == RELEVO_OK)
		*value = element->number != 0;
	return status;
}

int relevo_tuple_int(const relevo_tuple *tuple, size_t index, int64_t *value)
{
	if (!given(tuple, value))
		return RELEVO_BAD_ARGUMENT;
	struct element *element = NULL;
	int status = tuple_element(tuple, index, RELEVO_TUPLE_INT, &element, thread_error());
	if (status == RELEVO_OK)
		*value = element->number;
	return status;
}

int relevo_tuple_double(const relevo_tuple *tuple, size_t index, double *value)
{
	if (!given(tuple, value))
		return RELEVO_BAD_ARGUMENT;
	struct element *element = NULL;
	int status = tuple_element(tuple, index, RELEVO_TUPLE_DOUBLE, &element, thread_error());
	if (status == RELEVO_OK)
		*value = element->real;
	return status;
}

int relevo_tuple_text(const relevo_tuple *tuple, size_t index, const char **text, size_t *size)
{
	if (!given(tuple, text))
		return RELEVO_BAD_ARGUMENT;
	struct element *element = NULL;
	int status = tuple_element(tuple, index, RELEVO_TUPLE_TEXT, &element, thread_error());
	if (status != RELEVO_OK)
		return status;
	*text = element->data;
	if (size != NULL)
		*size = element->size;
	return RELEVO_OK;
}

int relevo_tuple_bytes(const relevo_tuple *tuple, size_t index, const void **data, size_t *size)
{
	if (!given(tuple, data))
		return RELEVO_BAD_ARGUMENT;
	struct element *element = NULL;
	int status = tuple_element(tuple, index, RELEVO_TUPLE_BYTES, &element, thread_error());
	if (status != RELEVO_OK)
		return status;
	*data = element->data;
	if (size != NULL)
		*size = element->size;
	return RELEVO_OK;
}

int relevo_tuple_tuple(const relevo_tuple *tuple, size_t index, const relevo_tuple **inner)
{
	if (!given(tuple, inner))
		return RELEVO_BAD_ARGUMENT;
	struct element *element = NULL;
	int status = tuple_element(tuple, index, RELEVO_TUPLE_TUPLE, &element, thread_error());
	if (status == RELEVO_OK)
		*inner = element->inner;
	return status;
}

int tuple_take(struct element *element, int *descriptor, struct error *error)
{
	if (element->owned) {
		*descriptor = element->descriptor;
		element->descriptor = -1;
		if (*descriptor < 0)
			return error_set(error, RELEVO_BAD_STATE,
					 "the descriptor of this value has been taken");
		return RELEVO_OK;
	}
	*descriptor = fcntl(element->descriptor, F_DUPFD_CLOEXEC, 0);
	if (*descriptor >= 0)
		return RELEVO_OK;
	return error_set_errno(error, RELEVO_SYSTEM, errno, "descriptor %d cannot be copied",
			       element->descriptor);
}

int relevo_tuple_take_descriptor(relevo_tuple *tuple, size_t index, int *descriptor)
{
	if (!given(tuple, descriptor))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	struct element *element = NULL;
	int status = tuple_element(tuple, index, RELEVO_TUPLE_DESCRIPTOR, &element, error);
	return status == RELEVO_OK ? tuple_take(element, descriptor, error) : status;
}
