/* Answers about queues as a whole. */
#include "route/reply.h"

void reply_peek(struct session *session, uint64_t call, struct peek *peek)
{
	struct answer_room *room = &session->router->room;
	for (uint32_t i = 0; i < peek->count; i++)
		reply_show_item(room, i, peek->items[i]);
	Relevo__QueueItems items = RELEVO__QUEUE_ITEMS__INIT;
	items.n_deliveries = items.n_properties = peek->count;
	items.deliveries = room->deliveries;
	items.properties = room->properties;
	items.rank = peek->last.rank;
	items.sequence = peek->last.sequence;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.call = call;
	header.op_case = RELEVO__HEADER__OP_QUEUE_ITEMS;
	header.queue_items = &items;
	header.n_sizes = peek->count;
	header.sizes = room->sizes;
	connection_send(session->connection, &header, room->bodies);
}

/* The listing's columns. */
struct columns {
	char *names[LISTING_MOST];
	Relevo__QueueKind kinds[LISTING_MOST];
	uint64_t numbers[9][LISTING_MOST];
};

_Static_assert((int)QUEUE_CONDITION == RELEVO__QUEUE_KIND__KIND_CONDITION, "kinds differ");

static void reply_manage_fill(struct columns *columns, uint32_t row,
			      const struct queue_summary *summary)
{
	const struct queue_counts *counts = &summary->counts;
	const uint64_t numbers[9] = {
		counts->ready, counts->leased,       counts->delayed,
		counts->bytes, counts->getters,      counts->putters,
		counts->put,   counts->acknowledged, counts->handles,
	};
	columns->names[row] = (char *)summary->name;
	columns->kinds[row] = (Relevo__QueueKind)summary->kind;
	for (int i = 0; i < 9; i++)
		columns->numbers[i][row] = numbers[i];
}

void reply_listing(struct session *session, uint64_t call, const struct queue_summary *summaries,
		   uint32_t count, bool more)
{
	struct columns columns;
	for (uint32_t i = 0; i < count; i++)
		reply_manage_fill(&columns, i, &summaries[i]);
	Relevo__QueueListing listing = RELEVO__QUEUE_LISTING__INIT;
	listing.names = columns.names;
	listing.kinds = columns.kinds;
	uint64_t **const lists[9] = {
		&listing.ready, &listing.leased,       &listing.delayed,
		&listing.bytes, &listing.getters,      &listing.putters,
		&listing.put,   &listing.acknowledged, &listing.handles,
	};
	for (int i = 0; i < 9; i++)
		*lists[i] = columns.numbers[i];
	listing.n_names = listing.n_kinds = listing.n_ready = listing.n_leased = count;
	listing.n_delayed = listing.n_bytes = listing.n_getters = listing.n_putters = count;
	listing.n_put = listing.n_acknowledged = listing.n_handles = count;
	listing.more = more;
	Relevo__Header header = RELEVO__HEADER__INIT;
	header.call = call;
	header.op_case = RELEVO__HEADER__OP_QUEUE_LISTING;
	header.queue_listing = &listing;
	connection_send(session->connection, &header, NULL);
}
