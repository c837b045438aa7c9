/* Tuples as bytes and descriptors: encoding and decoding them. */
#include "tuple/tuple.h"

#include "base/mutant.h"
#include "base/name.h"
#include "tuple.pb-c.h"
#include "wire/arena.h"
#include "wire/text.h"

#include <stdlib.h>
#include <string.h>

/* ---- to bytes ----------------------------------------------------------- */

struct encoding {
	int *fds;
	size_t fd_room, fd_count;
	struct error *error;
};

/* One tuple in the form of protobuf-c. */
struct draft {
	Relevo__TupleElement *elements;
	Relevo__TupleElement **pointers;
	struct buffer *inner; /* the bytes of tuples in it */
	size_t count;
};

static void draft_fini(struct draft *draft)
{
	for (size_t i = 0; draft->inner != NULL && i < draft->count; i++)
		buffer_fini(&draft->inner[i]);
	free(draft->elements);
	free(draft->pointers);
	free(draft->inner);
}

static bool draft_init(struct draft *draft, size_t count)
{
	*draft = (struct draft){
		.elements = calloc(count + 1, sizeof *draft->elements),
		.pointers = calloc(count + 1, sizeof *draft->pointers),
		.inner = calloc(count + 1, sizeof *draft->inner),
		.count = count,
	};
	return draft->elements != NULL && draft->pointers != NULL && draft->inner != NULL;
}

static int add_descriptor(struct encoding *encoding, const struct element *element, size_t index)
{
	const char *kind = tuple_kind_name(element->kind);
	if (element->descriptor < 0)
		return error_set(encoding->error, RELEVO_CANNOT_ENCODE,
				 "value %zu is a %s that has been taken", index, kind);
	if (encoding->fd_room == 0)
		return error_set(encoding->error, RELEVO_CANNOT_ENCODE,
				 "value %zu is a %s, which bytes alone cannot hold", index, kind);
	if (encoding->fd_count == encoding->fd_room)
		return error_set(encoding->error, RELEVO_CANNOT_ENCODE,
				 "value %zu is a %s: %zu can be sent at once", index, kind,
				 encoding->fd_room);
	encoding->fds[encoding->fd_count++] = element->descriptor;
	return RELEVO_OK;
}

static int tuple_code_encode(struct encoding *encoding, const relevo_tuple *tuple, int depth,
			     struct buffer *out);

static int tuple_code_describe(struct encoding *encoding, const relevo_tuple *tuple, size_t index,
			       int depth, struct draft *draft)
{
	const struct element *element = &tuple->elements[index];
	Relevo__TupleElement *described = &draft->elements[index];
	int status = RELEVO_OK;
	relevo__tuple_element__init(described);
	draft->pointers[index] = described;
	described->kind = (Relevo__TupleKind)element->kind;
	described->number = element->number;
	if (element->name != NULL)
		described->name = element->name;
	memcpy(&described->double_bits, &element->real, sizeof element->real);
	described->data = (ProtobufCBinaryData){ element->size, (uint8_t *)element->data };
	if (element->inner != NULL) {
		struct buffer *inner = &draft->inner[index];
		status = tuple_code_encode(encoding, element->inner, depth + 1, inner);
		described->data.data = buffer_data(inner);
		described->data.len = buffer_size(inner);
	} else if (tuple_has_descriptor(element->kind)) {
		status = add_descriptor(encoding, element, index);
	}
	return status;
}

static int tuple_code_pack(const struct draft *draft, struct buffer *out, struct error *error)
{
	Relevo__Tuple message = RELEVO__TUPLE__INIT;
	message.n_elements = draft->count;
	message.elements = draft->pointers;
	size_t size = relevo__tuple__get_packed_size(&message);
	uint8_t *place = buffer_reserve(out, size);
	if (place == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for a tuple of %zu bytes",
				 size);
	buffer_commit(out, relevo__tuple__pack(&message, place));
	return RELEVO_OK;
}

static int tuple_code_encode(struct encoding *encoding, const relevo_tuple *tuple, int depth,
			     struct buffer *out)
{
	struct draft draft;
	int status = RELEVO_OK;
	if (depth > RELEVO_TUPLE_DEPTH)
		return error_set(encoding->error, RELEVO_CANNOT_ENCODE,
				 "more than %d tuples stand within each other", RELEVO_TUPLE_DEPTH);
	if (!draft_init(&draft, tuple->count))
		status = error_set(encoding->error, RELEVO_NO_MEMORY, "no memory for a tuple");
	for (size_t i = 0; i < tuple->count && status == RELEVO_OK; i++)
		status = tuple_code_describe(encoding, tuple, i, depth, &draft);
	if (status == RELEVO_OK)
		status = tuple_code_pack(&draft, out, encoding->error);
	draft_fini(&draft);
	return status;
}

int tuple_encode(const relevo_tuple *tuple, struct buffer *out, int *fds, size_t fd_room,
		 size_t *fd_count, struct error *error)
{
	struct encoding encoding = { .fds = fds, .fd_room = fd_room, .error = error };
	int status = tuple_code_encode(&encoding, tuple, 1, out);
	*fd_count = encoding.fd_count;
	return status;
}

/* ---- from bytes --------------------------------------------------------- */

struct decoding {
	const int *fds;
	size_t fd_count, fd_used;
	struct error *error;
};

/*
 * What unpacking may cost: the bytes themselves, a copy of each, and what protobuf-c
 * needs for an element, of which a byte or two may announce one.
 */
static size_t unpacking_limit(size_t size)
{
	size_t elements = size / 2 < RELEVO_TUPLE_MAX ? size / 2 : RELEVO_TUPLE_MAX;
	return 256 * 1024 + size * 2 + elements * 256;
}

static int bad(struct decoding *decoding, const char *what, size_t index)
{
	return error_set(decoding->error, RELEVO_BAD_FRAME, "this is no tuple: %s (value %zu)",
			 what, index);
}

static int tuple_code_decode(struct decoding *decoding, ProtobufCBinaryData data, int depth,
			     relevo_tuple **out);

/* What is not a kind's own is not looked at. */
static int tuple_code_take_value(struct decoding *decoding, const Relevo__TupleElement *described,
				 int depth, struct element *element)
{
	switch (element->kind) {
	case RELEVO_TUPLE_NONE:
		return RELEVO_OK;
	case RELEVO_TUPLE_BOOL:
		element->number = described->number != 0;
		return RELEVO_OK;
	case RELEVO_TUPLE_INT:
		element->number = described->number;
		return RELEVO_OK;
	case RELEVO_TUPLE_DOUBLE:
		memcpy(&element->real, &described->double_bits, sizeof element->real);
		return RELEVO_OK;
	case RELEVO_TUPLE_TUPLE:
		return tuple_code_decode(decoding, described->data, depth + 1, &element->inner);
	case RELEVO_TUPLE_PIPE:
	case RELEVO_TUPLE_DESCRIPTOR:
		element->number = described->number;
		element->descriptor = decoding->fds[decoding->fd_used++];
		return RELEVO_OK;
	default:
		return tuple_fill(element, described->data.data, described->data.len,
				  decoding->error);
	}
}

static int tuple_code_check(struct decoding *decoding, const Relevo__TupleElement *described,
			    size_t index)
{
	int kind = (int)described->kind;
	if (kind < RELEVO_TUPLE_NONE || kind > RELEVO_TUPLE_DESCRIPTOR)
		return bad(decoding, "a kind that is not known", index);
	if (described->name[0] != '\0' && name_check(described->name, "", NULL) != RELEVO_OK)
		return bad(decoding, "a name that is none", index);
	if (kind == RELEVO_TUPLE_TEXT && !utf8_is_valid(described->data.data, described->data.len))
		return bad(decoding, "a text that is not UTF-8", index);
	if (tuple_has_descriptor((enum relevo_tuple_type)kind) &&
	    decoding->fd_used == decoding->fd_count)
		return bad(decoding, "a descriptor is announced that did not come", index);
	return RELEVO_OK;
}

static int take_element(struct decoding *decoding, const Relevo__TupleElement *described, int depth,
			relevo_tuple *tuple)
{
	const char *name = described->name[0] != '\0' ? described->name : NULL;
	struct element *element = NULL;
	int status = tuple_code_check(decoding, described, tuple->count);
	if (status == RELEVO_OK)
		status = tuple_begin(tuple, name, (enum relevo_tuple_type)described->kind, &element,
				     decoding->error);
	if (status != RELEVO_OK)
		return status == RELEVO_LIMIT ? RELEVO_BAD_FRAME : status;
	status = tuple_code_take_value(decoding, described, depth, element);
	if (status == RELEVO_OK)
		tuple_commit(tuple);
	else
		tuple_undo(element);
	return status;
}

static int tuple_code_take_all(struct decoding *decoding, const Relevo__Tuple *message, int depth,
			       relevo_tuple **out)
{
	relevo_tuple *tuple = calloc(1, sizeof *tuple);
	if (tuple == NULL)
		return error_set(decoding->error, RELEVO_NO_MEMORY, "no memory for a tuple");
	int status = RELEVO_OK;
	for (size_t i = 0; i < message->n_elements && status == RELEVO_OK; i++)
		status = take_element(decoding, message->elements[i], depth, tuple);
	if (status == RELEVO_OK)
		*out = tuple;
	else
		relevo_tuple_free(tuple);
	return status;
}

static int tuple_code_decode(struct decoding *decoding, ProtobufCBinaryData data, int depth,
			     relevo_tuple **out)
{
	struct arena arena;
	if (depth > RELEVO_TUPLE_DEPTH && !MUTANT(tuples_without_bottom))
		return bad(decoding, "too many within each other", 0);
	if (!arena_init(&arena, unpacking_limit(data.len)))
		return error_set(decoding->error, RELEVO_NO_MEMORY, "no memory for a tuple");
	const Relevo__Tuple *message =
		text_unpack(&relevo__tuple__descriptor, &arena.allocator, data.len, data.data);
	int status;
	if (message != NULL)
		status = tuple_code_take_all(decoding, message, depth, out);
	else if (arena.out_of_memory)
		status = error_set(decoding->error, RELEVO_NO_MEMORY, "no memory for a tuple");
	else
		status = bad(decoding, "its bytes are malformed", 0);
	arena_fini(&arena);
	return status;
}

/* Until all is well the descriptors stay the caller's. */
static void tuple_code_take_over(relevo_tuple *tuple)
{
	for (size_t i = 0; i < tuple->count; i++) {
		struct element *element = &tuple->elements[i];
		element->owned = tuple_has_descriptor(element->kind);
		if (element->inner != NULL)
			tuple_code_take_over(element->inner);
	}
}

int tuple_decode(const void *data, size_t size, const int *fds, size_t fd_count,
		 relevo_tuple **tuple, struct error *error)
{
	struct decoding decoding = { .fds = fds, .fd_count = fd_count, .error = error };
	relevo_tuple *made = NULL;
	int status = tuple_code_decode(&decoding, (ProtobufCBinaryData){ size, (uint8_t *)data }, 1,
				       &made);
	if (status != RELEVO_OK)
		return status;
	if (decoding.fd_used < fd_count) {
		relevo_tuple_free(made);
		return error_set(error, RELEVO_BAD_FRAME,
				 "%zu descriptors came with a tuple that is about %zu", fd_count,
				 decoding.fd_used);
	}
	tuple_code_take_over(made);
	*tuple = made;
	return RELEVO_OK;
}
