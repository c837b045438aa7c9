/* The answers about queues, items, cells, pipes and shared memory, and those to any call. */
#include "route/reply.h"

#include "route/deferred.h"
#include "wire/proof.h"

/* For protobuf-c, whose messages cannot be const; nothing writes to it. */
static char *text_of(int status, const char *text)
{
	return (char *)(text != NULL && text[0] != '\0' ? text : relevo_error_message(status));
}

void reply_send(struct session *session, const Relevo__Header *header,
		const struct output_body *bodies)
{
	if (!deferred_take(session, header, bodies, reply_error))
		connection_send(session->connection, header, bodies);
}

/* A frame without bodies. `header->op_case` and its message are set. */
static void send_header(struct session *session, uint64_t call, Relevo__Header *header)
{
	header->call = call;
	reply_send(session, header, NULL);
}

void reply_challenge(struct session *session, uint64_t call, uint8_t *nonce)
{
	Relevo__Challenge challenge = RELEVO__CHALLENGE__INIT;
	challenge.nonce = (ProtobufCBinaryData){ NONCE_SIZE, nonce };
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_CHALLENGE;
	header.challenge = &challenge;
	send_header(session, call, &header);
}

void reply_welcome(struct session *session, uint64_t call, uint8_t *proof)
{
	const struct router_config *config = &session->router->config;
	Relevo__Welcome welcome = RELEVO__WELCOME__INIT;
	welcome.version = PROTOCOL_VERSION;
	welcome.session = session->number;
	welcome.broker = config->broker;
	welcome.max_frame = config->limits.max_frame;
	welcome.max_item = config->limits.max_item;
	welcome.window = config->window;
	if (proof != NULL)
		welcome.proof = (ProtobufCBinaryData){ PROOF_SIZE, proof };
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_WELCOME;
	header.welcome = &welcome;
	send_header(session, call, &header);
}

void reply_done(struct session *session, uint64_t call, size_t count)
{
	Relevo__Done done = RELEVO__DONE__INIT;
	done.count = (uint32_t)count;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_DONE;
	header.done = &done;
	send_header(session, call, &header);
}

void reply_confirm(struct session *session, uint64_t window)
{
	Relevo__Confirm confirm = RELEVO__CONFIRM__INIT;
	confirm.window = window;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_CONFIRM;
	header.confirm = &confirm;
	send_header(session, 0, &header);
}

static void reply_failure(struct session *session, uint64_t call, const struct answer *answer)
{
	Relevo__Failure failure = RELEVO__FAILURE__INIT;
	failure.status = (uint32_t)answer->status;
	failure.text = text_of(answer->status, answer->text);
	failure.count = answer->accepted;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_FAILURE;
	header.failure = &failure;
	send_header(session, call, &header);
}

void reply_error(struct session *session, uint64_t call, const struct error *error)
{
	struct answer answer = { .status = error->status, .text = error->text };
	reply_failure(session, call, &answer);
}

void reply_outcome(struct session *session, uint64_t call, int status, size_t count,
		   const struct error *error)
{
	if (status == RELEVO_OK)
		reply_done(session, call, count);
	else
		reply_error(session, call, error);
}

void reply_put(struct session *session, uint64_t call, const struct answer *answer)
{
	if (answer->status == RELEVO_OK)
		reply_done(session, call, answer->accepted);
	else
		reply_failure(session, call, answer);
}

void reply_put_failed(struct session *session, uint64_t call, const struct answer *answer,
		      const struct frame *frame)
{
	struct output_body *bodies = session->router->room.bodies;
	const Relevo__Header *put = frame->header;
	const uint8_t *bytes = frame->bodies;
	for (size_t i = 0; i < put->n_sizes; i++) {
		bodies[i] = (struct output_body){ .bytes = bytes, .size = put->sizes[i] };
		/* Where all are empty there are no bodies. */
		if (put->sizes[i] > 0)
			bytes += put->sizes[i];
	}
	Relevo__Failure failure = RELEVO__FAILURE__INIT;
	failure.status = (uint32_t)answer->status;
	failure.text = text_of(answer->status, answer->text);
	failure.count = answer->accepted;
	failure.queue = put->queue_put->queue;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.call = call;
	header.op_case = RELEVO__HEADER__OP_FAILURE;
	header.failure = &failure;
	header.n_sizes = put->n_sizes - answer->accepted;
	header.sizes = put->sizes + answer->accepted;
	connection_send(session->connection, &header, bodies + answer->accepted);
}

void reply_put_failed_late(struct session *session, uint64_t call, const struct answer *answer,
			   uint32_t queue)
{
	Relevo__Failure failure = RELEVO__FAILURE__INIT;
	failure.status = (uint32_t)answer->status;
	failure.text = text_of(answer->status, answer->text);
	failure.count = answer->accepted;
	failure.queue = queue;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_FAILURE;
	header.failure = &failure;
	send_header(session, call, &header);
}

void reply_show_item(struct answer_room *room, uint32_t place, struct item *item)
{
	size_t size;
	const uint8_t *properties = item_properties(item, &size);
	room->sizes[place] = item->size;
	room->deliveries[place] = item->deliveries;
	room->bodies[place] = (struct output_body){ item->body, item->size, item };
	room->properties[place] = (ProtobufCBinaryData){ size, (uint8_t *)properties };
}

void reply_get(struct session *session, uint64_t call, const struct answer *answer)
{
	if (answer->status != RELEVO_OK) {
		reply_failure(session, call, answer);
		return;
	}
	struct answer_room *room = &session->router->room;
	bool again = false, properties = false;
	for (uint32_t i = 0; i < answer->delivery_count; i++) {
		struct item *item = answer->deliveries[i].item;
		room->leases[i] = answer->deliveries[i].lease;
		reply_show_item(room, i, item);
		again = again || item->deliveries != 1;
		properties = properties || room->properties[i].len > 0;
	}
	Relevo__QueueItems items = RELEVO__QUEUE_ITEMS__INIT;
	items.n_leases = answer->delivery_count;
	items.leases = room->leases;
	items.n_deliveries = again ? answer->delivery_count : 0;
	items.deliveries = room->deliveries;
	items.n_properties = properties ? answer->delivery_count : 0;
	items.properties = room->properties;
	items.grant = answer->deliveries[0].grant;
	items.queue = answer->handle;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.call = call;
	header.op_case = RELEVO__HEADER__OP_QUEUE_ITEMS;
	header.queue_items = &items;
	header.n_sizes = answer->delivery_count;
	header.sizes = room->sizes;
	connection_send(session->connection, &header, room->bodies);
}

void reply_recall(struct session *session, uint32_t queue)
{
	Relevo__QueueRecall recall = RELEVO__QUEUE_RECALL__INIT;
	recall.queue = queue;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_RECALL;
	header.queue_recall = &recall;
	send_header(session, 0, &header);
}

void reply_opened(struct session *session, uint64_t call, const struct queue_opened *opened)
{
	Relevo__QueueOpened message = RELEVO__QUEUE_OPENED__INIT;
	message.queue = opened->handle;
	message.name = (char *)opened->name;
	message.created = opened->created;
	message.identity = opened->identity;
	const struct queue_options *options = &opened->options;
	message.bounded = options->bounded;
	message.capacity = options->capacity;
	message.capacity_bytes = options->capacity_bytes;
	message.order = (Relevo__Order)options->order;
	message.full_policy = (Relevo__FullPolicy)options->full;
	message.lease_ms = options->lease / NSEC_PER_MSEC;
	message.ttl_ms = options->ttl / NSEC_PER_MSEC;
	message.max_deliveries = options->max_deliveries;
	message.dead_letter = (char *)options->dead_letter;
	message.exclusive = options->exclusive;
	message.keep = options->keep;
	message.durable = options->durable;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_OPENED;
	header.queue_opened = &message;
	send_header(session, call, &header);
}

void reply_shared_opened(struct session *session, uint64_t call, const struct shared_opened *opened)
{
	Relevo__SharedOpened message = RELEVO__SHARED_OPENED__INIT;
	message.shared = opened->handle;
	message.name = (char *)opened->name;
	message.created = opened->created;
	message.identity = opened->identity;
	message.size = opened->size;
	message.unlocked = opened->unlocked;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.call = call;
	header.op_case = RELEVO__HEADER__OP_SHARED_OPENED;
	header.shared_opened = &message;
	connection_send_with(session->connection, &header, opened->memory);
}

void reply_pipe(struct session *session, uint64_t call, const struct answer *answer)
{
	if (answer->status != RELEVO_OK) {
		struct error error = { 0 };
		error_set(&error, answer->status, "%s", answer->text);
		reply_error(session, call, &error);
		return;
	}
	const struct pipe_meeting *meeting = answer->meeting;
	Relevo__PipeMet message = RELEVO__PIPE_MET__INIT;
	message.relayed = meeting->end == NULL;
	message.out = meeting->out;
	message.in = meeting->in;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.call = call;
	header.op_case = RELEVO__HEADER__OP_PIPE_MET;
	header.pipe_met = &message;
	if (message.relayed)
		send_header(session, call, &header);
	else
		connection_send_with(session->connection, &header, meeting->end);
}

void reply_counts(struct session *session, uint64_t call, const struct queue_counts *counts)
{
	Relevo__QueueStats stats = RELEVO__QUEUE_STATS__INIT;
	stats.ready = counts->ready;
	stats.leased = counts->leased;
	stats.delayed = counts->delayed;
	stats.bytes = counts->bytes;
	stats.getters = counts->getters;
	stats.putters = counts->putters;
	stats.put = counts->put;
	stats.acknowledged = counts->acknowledged;
	stats.redelivered = counts->redelivered;
	stats.handles = counts->handles;
	stats.expired = counts->expired;
	stats.dropped = counts->dropped;
	stats.dead_lettered = counts->dead_lettered;
	stats.duplicates = counts->duplicates;
	stats.shut_down = counts->shut_down;
	stats.durable = counts->durable;
	stats.joiners = counts->joiners;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_QUEUE_STATS;
	header.queue_stats = &stats;
	send_header(session, call, &header);
}

void reply_cell_opened(struct session *session, uint64_t call, const struct cell_opened *opened)
{
	Relevo__CellOpened message = RELEVO__CELL_OPENED__INIT;
	message.cell = opened->handle;
	message.name = (char *)opened->name;
	message.created = opened->created;
	message.type = (Relevo__ElementType)opened->options.type;
	message.width = opened->options.width;
	message.count = opened->options.count;
	message.identity = opened->identity;
	message.durable = opened->options.durable;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.op_case = RELEVO__HEADER__OP_CELL_OPENED;
	header.cell_opened = &message;
	send_header(session, call, &header);
}

/* The call fails, not its connection: it can be tried again when others have read. */
static void reply_no_share(struct session *session, uint64_t call, size_t size)
{
	const struct account *account = connection_account(session->connection);
	struct error error;
	error_set(&error, RELEVO_QUOTA,
		  "user %u has no share of the broker's memory left for an answer of %zu bytes",
		  account->uid, size);
	reply_error(session, call, &error);
}

void reply_cell(struct session *session, uint64_t call, const struct answer *answer)
{
	if (answer->status != RELEVO_OK) {
		reply_failure(session, call, answer);
		return;
	}
	const struct cell_reading *reading = answer->reading;
	if (!connection_affords(session->connection, reading->size)) {
		reply_no_share(session, call, reading->size);
		return;
	}
	Relevo__CellState state = RELEVO__CELL_STATE__INIT;
	state.applied = reading->applied;
	state.version = reading->version;
	state.will = reading->will;
	state.waiters = reading->waiters;
	uint32_t size = (uint32_t)reading->size;
	struct output_body body = { .bytes = reading->bytes, .size = size };
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.call = call;
	header.op_case = RELEVO__HEADER__OP_CELL_STATE;
	header.cell_state = &state;
	header.n_sizes = size > 0;
	header.sizes = &size;
	reply_send(session, &header, &body);
}
