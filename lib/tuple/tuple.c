/* Tuples: making and freeing them, and adding values other than handles and pipes. */
#include "tuple/tuple.h"

#include "base/mutant.h"
#include "base/name.h"
#include "base/thread_error.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- beginning and end -------------------------------------------------- */

int relevo_tuple_new(relevo_tuple **tuple)
{
	if (!given(tuple))
		return RELEVO_BAD_ARGUMENT;
	relevo_tuple *made = calloc(1, sizeof *made);
	if (made == NULL)
		return error_set(thread_error(), RELEVO_NO_MEMORY, "no memory for a tuple");
	*tuple = made;
	return RELEVO_OK;
}

void tuple_undo(struct element *element)
{
	if (element->owned && element->descriptor >= 0)
		close(element->descriptor);
	relevo_tuple_free(element->inner);
	free(element->data);
	free(element->name);
}

void relevo_tuple_free(relevo_tuple *tuple)
{
	if (tuple == NULL)
		return;
	for (size_t i = 0; i < tuple->count; i++)
		tuple_undo(&tuple->elements[i]);
	free(tuple->elements);
	free(tuple);
}

/* ---- putting values in -------------------------------------------------- */

static bool tuple_reserve(relevo_tuple *tuple)
{
	if (tuple->count < tuple->capacity)
		return true;
	size_t capacity = tuple->capacity > 0 ? tuple->capacity * 2 : 8;
	struct element *elements = realloc(tuple->elements, capacity * sizeof *elements);
	if (elements == NULL)
		return false;
	tuple->elements = elements;
	tuple->capacity = capacity;
	return true;
}

int tuple_begin(relevo_tuple *tuple, const char *name, enum relevo_tuple_type kind,
		struct element **out, struct error *error)
{
	int status = name != NULL ? name_check(name, "value", error) : RELEVO_OK;
	if (status != RELEVO_OK)
		return status;
	if (tuple->count >= RELEVO_TUPLE_MAX)
		return error_set(error, RELEVO_LIMIT, "a tuple has %d values at most",
				 RELEVO_TUPLE_MAX);
	char *copy = name != NULL ? strdup(name) : NULL;
	if ((name != NULL && copy == NULL) || !tuple_reserve(tuple)) {
		free(copy);
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a value");
	}
	*out = &tuple->elements[tuple->count];
	**out = (struct element){ .kind = kind, .name = copy, .descriptor = -1 };
	return RELEVO_OK;
}

void tuple_commit(relevo_tuple *tuple)
{
	const struct element *element = &tuple->elements[tuple->count++];
	if (element->inner != NULL)
		element->inner->outer = tuple;
}

int tuple_fill(struct element *element, const void *data, size_t size, struct error *error)
{
	element->data = size < SIZE_MAX ? malloc(size + 1) : NULL;
	if (element->data == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a value of %zu bytes",
				 size);
	if (size > 0)
		memcpy(element->data, data, size);
	element->data[size] = '\0';
	element->size = size;
	return RELEVO_OK;
}

int tuple_add_data(relevo_tuple *tuple, const char *name, enum relevo_tuple_type kind,
		   struct relevo_bytes data)
{
	struct error *error = thread_error();
	struct element *element = NULL;
	int status = tuple_begin(tuple, name, kind, &element, error);
	if (status != RELEVO_OK)
		return status;
	status = tuple_fill(element, data.data, data.size, error);
	if (status == RELEVO_OK)
		tuple_commit(tuple);
	else
		tuple_undo(element);
	return status;
}

static int tuple_add_number(relevo_tuple *tuple, const char *name, enum relevo_tuple_type kind,
			    int64_t number)
{
	struct element *element = NULL;
	int status = tuple_begin(tuple, name, kind, &element, thread_error());
	if (status != RELEVO_OK)
		return status;
	element->number = number;
	tuple_commit(tuple);
	return RELEVO_OK;
}

int relevo_tuple_add_none(relevo_tuple *tuple, const char *name)
{
	if (!given(tuple))
		return RELEVO_BAD_ARGUMENT;
	return tuple_add_number(tuple, name, RELEVO_TUPLE_NONE, 0);
}

int relevo_tuple_add_bool(relevo_tuple *tuple, const char *name, bool value)
{
	if (!given(tuple))
		return RELEVO_BAD_ARGUMENT;
	return tuple_add_number(tuple, name, RELEVO_TUPLE_BOOL, value);
}

int relevo_tuple_add_int(relevo_tuple *tuple, const char *name, int64_t value)
{
	if (!given(tuple))
		return RELEVO_BAD_ARGUMENT;
	return tuple_add_number(tuple, name, RELEVO_TUPLE_INT, value);
}

int relevo_tuple_add_double(relevo_tuple *tuple, const char *name, double value)
{
	if (!given(tuple))
		return RELEVO_BAD_ARGUMENT;
	struct element *element = NULL;
	int status = tuple_begin(tuple, name, RELEVO_TUPLE_DOUBLE, &element, thread_error());
	if (status != RELEVO_OK)
		return status;
	element->real = value;
	tuple_commit(tuple);
	return RELEVO_OK;
}

int relevo_tuple_add_bytes(relevo_tuple *tuple, const char *name, const void *data, size_t size)
{
	if (!given(tuple) || (size > 0 && !given(data)))
		return RELEVO_BAD_ARGUMENT;
	return tuple_add_data(tuple, name, RELEVO_TUPLE_BYTES, (struct relevo_bytes){ data, size });
}

int relevo_tuple_add_text_of(relevo_tuple *tuple, const char *name, const char *text, size_t size)
{
	if (!given(tuple) || (size > 0 && !given(text)))
		return RELEVO_BAD_ARGUMENT;
	if (!utf8_is_valid(text, size))
		return error_set(thread_error(), RELEVO_CANNOT_ENCODE,
				 "value %zu is to be a text, and is not UTF-8", tuple->count);
	return tuple_add_data(tuple, name, RELEVO_TUPLE_TEXT, (struct relevo_bytes){ text, size });
}

int relevo_tuple_add_text(relevo_tuple *tuple, const char *name, const char *text)
{
	if (!given(tuple, text))
		return RELEVO_BAD_ARGUMENT;
	return relevo_tuple_add_text_of(tuple, name, text, strlen(text));
}

/* It has one owner, who frees it: another tuple, which is in no way its own. */
static int check_inner(const relevo_tuple *tuple, const relevo_tuple *inner, struct error *error)
{
	if (MUTANT(tuple_owned_twice))
		return RELEVO_OK;
	if (inner->outer != NULL)
		return error_set(error, RELEVO_BAD_ARGUMENT,
				 "a tuple that is a value already cannot be another one too");
	while (tuple != inner && tuple->outer != NULL)
		tuple = tuple->outer;
	if (tuple == inner)
		return error_set(error, RELEVO_BAD_ARGUMENT, "a tuple cannot hold itself");
	return RELEVO_OK;
}

int relevo_tuple_add_tuple(relevo_tuple *tuple, const char *name, relevo_tuple *inner)
{
	if (!given(tuple, inner))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	struct element *element = NULL;
	int status = check_inner(tuple, inner, error);
	if (status == RELEVO_OK)
		status = tuple_begin(tuple, name, RELEVO_TUPLE_TUPLE, &element, error);
	if (status != RELEVO_OK)
		return status;
	element->inner = inner;
	tuple_commit(tuple);
	return RELEVO_OK;
}

int relevo_tuple_add_descriptor(relevo_tuple *tuple, const char *name, int descriptor)
{
	if (!given(tuple))
		return RELEVO_BAD_ARGUMENT;
	struct error *error = thread_error();
	struct element *element = NULL;
	if (descriptor < 0)
		return error_set(error, RELEVO_BAD_ARGUMENT, "%d is no descriptor", descriptor);
	int status = tuple_begin(tuple, name, RELEVO_TUPLE_DESCRIPTOR, &element, error);
	if (status != RELEVO_OK)
		return status;
	element->descriptor = descriptor;
	tuple_commit(tuple);
	return RELEVO_OK;
}
