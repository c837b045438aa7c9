#include "cells.h"

#include "base/list.h"
#include "core/peer.h"

#include <string.h>

struct cell_options numbers(uint32_t count)
{
	return (struct cell_options){ .type = ELEMENT_INT64, .count = count, .purpose = "test" };
}

int try_open_cell(struct engine_peer *peer, const char *name, enum queue_open_mode mode,
		  const struct cell_options *options, struct error *error)
{
	struct cell_opened opened;
	const struct cell_open_request request = {
		.name = name,
		.mode = mode,
		.options = *options,
	};
	return cell_open(peer, &request, &opened, error);
}

uint32_t open_cell(struct engine_peer *peer, const char *name, const struct cell_options *options)
{
	struct cell_opened opened;
	struct error error;
	const struct cell_open_request request = { .name = name, .options = *options };
	assert_int_equal(cell_open(peer, &request, &opened, &error), RELEVO_OK);
	assert_int_not_equal(opened.handle, 0);
	return opened.handle;
}

uint32_t open_numbers(struct engine_peer *peer, const char *name, uint32_t count)
{
	const struct cell_options options = numbers(count);
	return open_cell(peer, name, &options);
}

static void on_answer(struct waiter *waiter, const struct answer *answer)
{
	struct cell_call *call = container_of(waiter, struct cell_call, waiter);
	assert_false(waiter_pending(waiter));
	call->answers++;
	call->status = answer->status;
	strncpy(call->text, answer->text, sizeof call->text - 1);
	const struct cell_reading *reading = answer->reading;
	assert_int_equal(reading != NULL, answer->status == RELEVO_OK);
	if (reading != NULL) {
		call->applied = reading->applied;
		call->version = reading->version;
		call->will = reading->will;
		call->waiters = reading->waiters;
		size_t size =
			reading->size < sizeof call->values ? reading->size : sizeof call->values;
		call->count = reading->size / sizeof call->values[0];
		element_copy(ELEMENT_INT64, call->values, reading->bytes, size);
	}
	if (call->then != NULL)
		call->then(call);
}

static void reset(struct cell_call *call)
{
	*call = (struct cell_call){
		.waiter.answer = on_answer,
		.then = call->then,
		.user = call->user,
	};
}

void update_with(struct engine_peer *peer, const struct cell_update *request,
		 struct cell_call *call)
{
	reset(call);
	cell_update(peer, request, peer->engine->now, &call->waiter);
	assert_int_equal(call->answers, 1);
}

static void convert(const struct number_term *numbers, size_t count, struct cell_term *terms,
		    uint8_t (*operands)[8])
{
	for (size_t i = 0; i < count; i++) {
		element_copy(ELEMENT_INT64, operands[i], &numbers[i].operand, 8);
		terms[i] = (struct cell_term){
			.first = numbers[i].first,
			.operation = numbers[i].operation,
			.operand = operands[i],
			.size = 8,
		};
	}
}

void update(struct engine_peer *peer, const struct number_update *update, struct cell_call *call)
{
	struct cell_term terms[MOST_TERMS], will[4];
	uint8_t operands[MOST_TERMS][8], will_operands[4][8];
	convert(update->terms, update->count, terms, operands);
	convert(update->will, update->will_count, will, will_operands);
	const struct cell_update request = {
		.handle = update->handle,
		.terms = terms,
		.count = update->count,
		.will = will,
		.will_count = update->will_count,
		.withdraw = update->withdraw,
		.read_first = update->read_first,
		.read_count = update->read_count,
	};
	update_with(peer, &request, call);
}

void await(struct engine_peer *peer, const struct cell_wait *request, int64_t operand,
	   struct cell_call *call)
{
	struct cell_wait copy = *request;
	uint8_t bytes[8];
	element_copy(ELEMENT_INT64, bytes, &operand, 8);
	copy.operand = bytes;
	copy.size = 8;
	reset(call);
	cell_wait(peer, &copy, peer->engine->now, &call->waiter);
	/* Its own copy is what counts. */
	memset(bytes, 0xff, sizeof bytes);
}

void await_first(struct engine_peer *peer, uint32_t handle, uint8_t operation, int64_t operand,
		 struct cell_call *call)
{
	const struct cell_wait request = {
		.handle = handle,
		.operation = operation,
		.deadline = NSEC_NEVER,
	};
	await(peer, &request, operand, call);
}

static int64_t change(struct engine_peer *peer, uint32_t handle, const struct number_term *term)
{
	struct cell_call call = { 0 };
	const struct number_update request = {
		.handle = handle,
		.terms = { *term },
		.count = 1,
		.read_first = term->first,
		.read_count = 1,
	};
	update(peer, &request, &call);
	assert_cell_answer(&call, RELEVO_OK);
	assert_true(call.applied);
	return call.values[0];
}

void set(struct engine_peer *peer, uint32_t handle, uint32_t first, int64_t value)
{
	assert_int_equal(change(peer, handle, &(struct number_term){ first, CELL_SET, value }),
			 value);
}

int64_t add(struct engine_peer *peer, uint32_t handle, uint32_t first, int64_t value)
{
	return change(peer, handle, &(struct number_term){ first, CELL_ADD, value });
}

int64_t value_of(struct engine_peer *peer, uint32_t handle, uint32_t first)
{
	struct cell_call call = { 0 };
	update(peer,
	       &(struct number_update){ .handle = handle, .read_first = first, .read_count = 1 },
	       &call);
	assert_cell_answer(&call, RELEVO_OK);
	assert_int_equal(call.count, 1);
	return call.values[0];
}

uint64_t leave_will(struct engine_peer *peer, uint32_t handle, uint32_t first, int64_t value)
{
	struct cell_call call = { 0 };
	const struct number_update request = {
		.handle = handle,
		.will = { { first, CELL_SET, value } },
		.will_count = 1,
	};
	update(peer, &request, &call);
	assert_cell_answer(&call, RELEVO_OK);
	assert_int_not_equal(call.will, 0);
	return call.will;
}

void assert_cell_waits(const struct cell_call *call)
{
	assert_int_equal(call->answers, 0);
	assert_true(waiter_pending(&call->waiter));
}

void assert_cell_answer(const struct cell_call *call, int status)
{
	assert_int_equal(call->answers, 1);
	assert_string_equal(relevo_error_name(call->status), relevo_error_name(status));
}
