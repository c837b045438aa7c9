/* Estimating the work of a frame by what its header names and asks for. */
#include "route/weight.h"

#include "base/mutant.h"
#include "cells/cell_size.h"
#include "queues/manage.h"
#include "route/reply.h"

enum {
	BYTES_PER_UNIT = 4096,
	/* A look at all sessions, see reply_sessions.c. */
	LOOK_AT_SESSIONS = 2048,
};

static uint64_t least(uint64_t one, uint64_t other)
{
	return one < other ? one : other;
}

static uint64_t weight_of_list(const Relevo__QueueList *list)
{
	return list->max_queues > 0 ? least(list->max_queues, LISTING_MOST) : LISTING_MOST;
}

/* Of what the operation names or asks for; the others do little, or by pieces. */
static uint64_t weight_of_operation(const struct session *session, const struct frame *frame)
{
	const Relevo__Header *header = frame->header;
	switch (header->op_case) {
	case RELEVO__HEADER__OP_QUEUE_GET:
		return least(header->queue_get->max_items, FRAME_MAX_ITEMS);
	case RELEVO__HEADER__OP_QUEUE_ACK:
		return header->queue_ack->n_leases;
	case RELEVO__HEADER__OP_QUEUE_NACK:
		return header->queue_nack->n_leases;
	case RELEVO__HEADER__OP_QUEUE_REJECT:
		return header->queue_reject->n_leases;
	case RELEVO__HEADER__OP_QUEUE_EXTEND:
		return header->queue_extend->n_leases;
	case RELEVO__HEADER__OP_QUEUE_PEEK:
		return least(header->queue_peek->max_items, PEEK_MAX_ITEMS);
	case RELEVO__HEADER__OP_QUEUE_LIST:
		return weight_of_list(header->queue_list);
	case RELEVO__HEADER__OP_SESSION_LIST:
		return LOOK_AT_SESSIONS;
	case RELEVO__HEADER__OP_HELLO:
		return weight_of_hello(session, header->hello);
	case RELEVO__HEADER__OP_CELL_UPDATE:
		return frame_answer_size(session, frame) / BYTES_PER_UNIT;
	default:
		return 0;
	}
}

size_t frame_answer_size(const struct session *session, const struct frame *frame)
{
	const Relevo__Header *header = frame->header;
	if (header->op_case != RELEVO__HEADER__OP_CELL_UPDATE || session->peer == NULL)
		return 0;
	const Relevo__CellUpdate *update = header->cell_update;
	return cell_reading_size(session->peer, update->cell, update->read_count);
}

uint64_t frame_weight(const struct session *session, const struct frame *frame)
{
	const Relevo__Header *header = frame->header;
	if (MUTANT(nothing_weighs))
		return 0;
	return header->n_sizes + header->n_acks + frame->bodies_size / BYTES_PER_UNIT +
	       weight_of_operation(session, frame);
}
