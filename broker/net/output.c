/* What waits to be sent over a connection: bytes copied, bodies referred to, descriptors. */
#include "net/output.h"

#include "base/mutant.h"
#include "collections/populate.h"
#include "wire/frame.h"

#include <string.h>
#include <sys/uio.h>

enum {
	PIECES_PER_SEND = 64,
	/* One connection sends so much in a turn, then others have theirs. */
	BYTES_PER_TURN = 1024 * 1024,
	KEEP = 16 * 1024,
	/* An answer from this size on gets its memory beforehand, in pieces that take less than a
	 * millisecond each. */
	WARM_FROM = 4 * 1024 * 1024,
	WARM_STEP = 2 * 1024 * 1024,
	SPARE_MOST = 256 * 1024,
};

struct output_piece {
	size_t size;          /* left to send */
	const uint8_t *bytes; /* of a body that is referred to; else they are in `copied` */
	void *owner;          /* NULL: a copied run */
	struct descriptor *descriptor; /* goes with this copied byte; or NULL */
	bool first;                    /* nobody else had that one on its way */
};

static struct output_piece *first_piece(const struct output *output)
{
	return (struct output_piece *)buffer_data(&output->pieces);
}

static size_t piece_count(const struct output *output)
{
	return buffer_size(&output->pieces) / sizeof(struct output_piece);
}

static struct output_piece *last_piece(const struct output *output)
{
	size_t count = piece_count(output);
	return count > 0 ? first_piece(output) + count - 1 : NULL;
}

/* ---- memory ----------------------------------------------------------- */

/* What a buffer of that capacity costs: half of what is prepaid is for each. */
static size_t output_cost(size_t capacity)
{
	return capacity > OUTPUT_PREPAID / 2 ? capacity : 0;
}

/* What the buffer would cost more with that many bytes. SIZE_MAX: it cannot have them. */
static size_t growth(const struct buffer *buffer, size_t size)
{
	size_t capacity = buffer_capacity_with(buffer, size);
	return capacity > 0 ? output_cost(capacity) - output_cost(buffer->capacity) : SIZE_MAX;
}

static void output_settle(struct output *output)
{
	bill_settle(&output->bill,
		    output_cost(output->copied.capacity) + output_cost(output->pieces.capacity));
}

static int output_reserve(struct output *output, struct buffer *buffer, size_t size)
{
	size_t more = growth(buffer, size);
	if (more > 0 && (more == SIZE_MAX || !bill_add(&output->bill, more)))
		return RELEVO_QUOTA;
	if (buffer_reserve(buffer, size) != NULL)
		return RELEVO_OK;
	output_settle(output);
	return RELEVO_NO_MEMORY;
}

static bool append_piece(struct output *output, const struct output_piece *piece)
{
	return output_reserve(output, &output->pieces, sizeof *piece) == RELEVO_OK &&
	       buffer_append(&output->pieces, piece, sizeof *piece);
}

bool output_affords(const struct output *output, size_t size)
{
	size_t more = growth(&output->copied, size);
	return more != SIZE_MAX && account_affords_buffer(output->bill.account, more);
}

bool output_warm(struct output *output, size_t size)
{
	if (size < WARM_FROM || output->warm >= size || MUTANT(answers_cold))
		return true;
	if (!output_affords(output, size) ||
	    output_reserve(output, &output->copied, size + KEEP) != RELEVO_OK)
		return true;
	size_t step = size - output->warm < WARM_STEP ? size - output->warm : WARM_STEP;
	populate(output->copied.bytes + output->copied.end + output->warm, step);
	output->warm += step;
	return output->warm >= size;
}

/* ---- appending -------------------------------------------------------- */

/* `size` more bytes are at the end of `copied`. */
static bool extend_copied(struct output *output, size_t size)
{
	struct output_piece *last = last_piece(output);
	if (size == 0)
		return true;
	if (last != NULL && last->owner == NULL && last->descriptor == NULL) {
		last->size += size;
	} else {
		struct output_piece piece = { .size = size };
		if (!append_piece(output, &piece))
			return false;
	}
	output->size += size;
	return true;
}

static bool append_reference(struct output *output, const struct output_body *body)
{
	struct output_piece piece = {
		.size = body->size,
		.bytes = body->bytes,
		.owner = body->owner,
	};
	if (!append_piece(output, &piece)) {
		output->owners->release(output->owners->context, body->owner);
		return false;
	}
	output->size += body->size;
	return true;
}

static bool is_to_refer(const struct output_body *body)
{
	return body->size >= OUTPUT_REFER_FROM && body->owner != NULL;
}

/* Copy bodies, up to one that is to be referred to. How many; 0: no memory. */
static size_t copy_run(struct output *output, const struct output_body *bodies, size_t count)
{
	size_t run = 0, size = 0;
	do
		size += bodies[run++].size;
	while (run < count && !is_to_refer(&bodies[run]));
	if (output_reserve(output, &output->copied, size) != RELEVO_OK)
		return 0;
	uint8_t *room = buffer_reserve(&output->copied, size);
	for (size_t i = 0; i < run; i++) {
		if (bodies[i].size > 0)
			memcpy(room, bodies[i].bytes, bodies[i].size);
		room += bodies[i].size;
	}
	buffer_commit(&output->copied, size);
	return extend_copied(output, size) ? run : 0;
}

static bool append_bodies(struct output *output, const struct output_body *bodies, size_t count)
{
	const struct output_owners *owners = output->owners;
	for (size_t i = 0; i < count;) {
		if (is_to_refer(&bodies[i]) && owners->hold(owners->context, bodies[i].owner)) {
			if (!append_reference(output, &bodies[i++]))
				return false;
			continue;
		}
		size_t run = copy_run(output, bodies + i, count - i);
		if (run == 0)
			return false;
		i += run;
	}
	return true;
}

/* Bytes of the bodies that will be copied, as far as that is known before. */
static size_t copied_size(const Relevo__Header *header, const struct output_body *bodies)
{
	size_t sum = 0;
	for (size_t i = 0; i < header->n_sizes; i++)
		sum += is_to_refer(&bodies[i]) ? 0 : bodies[i].size;
	return sum;
}

/* All that is needed, before anything is written. */
static int output_make_room(struct output *output, size_t size)
{
	if (size > KEEP && buffer_size(&output->copied) == 0 && output->spare->capacity >= size &&
	    output->copied.capacity < size) {
		if (!bill_add(&output->bill, output_cost(output->spare->capacity)))
			return RELEVO_QUOTA;
		buffer_use_spare(&output->copied, output->spare, size);
		output_settle(output);
	}
	return output_reserve(output, &output->copied, size);
}

int output_append(struct output *output, const Relevo__Header *header,
		  const struct output_body *bodies)
{
	size_t head_size = frame_head_size(header);
	output->warm = 0;
	int status = output_make_room(output, head_size + copied_size(header, bodies));
	if (status != RELEVO_OK)
		return status;
	if (frame_append_sized_head(&output->copied, header, head_size,
				    frame_bodies_size(header)) &&
	    extend_copied(output, head_size) && append_bodies(output, bodies, header->n_sizes))
		return RELEVO_OK;
	return RELEVO_NO_MEMORY;
}

int output_append_with(struct output *output, const Relevo__Header *header,
		       struct descriptor *descriptor)
{
	/* What is on its way already costs no descriptor more. */
	struct output_piece piece = {
		.size = 1,
		.descriptor = descriptor,
		.first = descriptor->references == 1,
	};
	size_t head_size = frame_head_size(header);
	int status = output_make_room(output, head_size);
	if (status == RELEVO_OK)
		status = output_reserve(output, &output->pieces, 2 * sizeof piece);
	if (status != RELEVO_OK)
		return status;
	if (!frame_append_sized_head(&output->copied, header, head_size, 0) ||
	    !append_piece(output, &piece))
		return RELEVO_NO_MEMORY;
	descriptor_hold(descriptor);
	output->descriptors += piece.first;
	output->size++;
	return extend_copied(output, head_size - 1) ? RELEVO_OK : RELEVO_NO_MEMORY;
}

/* Point at the first pieces, up to one with a descriptor; returns how many. */
static int output_gather(const struct output *output, struct iovec *vector)
{
	const struct output_piece *pieces = first_piece(output);
	uint8_t *copied = buffer_data(&output->copied);
	size_t count = piece_count(output);
	if (count > PIECES_PER_SEND)
		count = PIECES_PER_SEND;
	for (size_t i = 0; i < count; i++) {
		if (pieces[i].descriptor != NULL)
			return (int)i;
		vector[i].iov_len = pieces[i].size;
		vector[i].iov_base = pieces[i].owner != NULL ? (void *)pieces[i].bytes : copied;
		if (pieces[i].owner == NULL)
			copied += pieces[i].size;
	}
	return (int)count;
}

/* Drop `size` bytes from the front. */
static void consume(struct output *output, size_t size)
{
	output->size -= size;
	while (size > 0) {
		struct output_piece *piece = first_piece(output);
		size_t part = size < piece->size ? size : piece->size;
		if (piece->owner == NULL)
			buffer_consume(&output->copied, part);
		else
			piece->bytes += part;
		piece->size -= part;
		size -= part;
		if (piece->size > 0)
			continue;
		if (piece->owner != NULL)
			output->owners->release(output->owners->context, piece->owner);
		output->descriptors -= piece->first;
		descriptor_drop(piece->descriptor);
		buffer_consume(&output->pieces, sizeof *piece);
	}
}

static int send_pieces(const struct output *output, struct channel *channel, size_t *sent)
{
	struct iovec vector[PIECES_PER_SEND];
	return channel_send(channel, vector, output_gather(output, vector), sent);
}

static int send_descriptor(const struct output *output, struct channel *channel, size_t *sent)
{
	uint8_t *byte = buffer_data(&output->copied);
	struct iovec alone = { byte, 1 };
	int status = channel_send_descriptor(channel, *byte, first_piece(output)->descriptor->fd);
	if (status == RELEVO_LIMIT || status == RELEVO_NOT_LOCAL)
		return channel_send(channel, &alone, 1, sent);
	*sent = 1;
	return status;
}

int output_send(struct output *output, struct channel *channel)
{
	size_t turn = 0;
	while (output->size > 0 && turn < BYTES_PER_TURN) {
		size_t sent = 0;
		int status = first_piece(output)->descriptor != NULL
				     ? send_descriptor(output, channel, &sent)
				     : send_pieces(output, channel, &sent);
		if (status != RELEVO_OK)
			return status;
		consume(output, sent);
		turn += sent;
	}
	return RELEVO_OK;
}

void output_discard(struct output *output)
{
	consume(output, output->size);
	output->warm = 0;
}

void output_shrink(struct output *output)
{
	if (output->warm > 0)
		return;
	buffer_shrink_to_spare(&output->copied, KEEP, output->spare, SPARE_MOST);
	buffer_shrink(&output->pieces, KEEP);
	output_settle(output);
}

void output_fini(struct output *output)
{
	output_discard(output);
	buffer_fini(&output->copied);
	buffer_fini(&output->pieces);
	output_settle(output);
}
