#include "net/network.h"

#include "net/connection.h"

int network_open(struct network *network, struct error *error)
{
	network->scratch = (struct buffer){ 0 };
	network->spare = (struct buffer){ 0 };
	list_init(&network->connections);
	list_init(&network->strangers);
	network->stranger_count = 0;
	list_init(&network->dirty);
	list_init(&network->resumed);
	network->turn = (struct turn){ 0 };
	turn_begin(network, 0);
	if (!arena_init(&network->arena, ARENA_LIMIT_FOR_HEADERS))
		return error_set(error, RELEVO_NO_MEMORY, "no memory for the network");
	return RELEVO_OK;
}

void network_close(struct network *network)
{
	list_for_each (node, &network->connections)
		connection_finish(container_of(node, struct connection, link), "the broker stops");
	/* All in one turn: there is no other. */
	network->config.turn_work = 0;
	network_finish_round(network);
	while (!list_empty(&network->connections))
		connection_free(container_of(network->connections.next, struct connection, link));
	buffer_fini(&network->scratch);
	buffer_fini(&network->spare);
	arena_fini(&network->arena);
}

nsec_t network_deadline(const struct network *network)
{
	return list_empty(&network->resumed) ? NSEC_NEVER : 0;
}

/* Those who have to go on, each once, as long as there is time in this round. */
static void resume(struct network *network)
{
	size_t count = list_count(&network->resumed);
	turn_begin(network, count);
	for (; count > 0 && !list_empty(&network->resumed); count--) {
		struct list *node = list_first(&network->resumed);
		if (turn_is_over(network))
			break;
		connection_resume(container_of(node, struct connection, resumed));
	}
}

void network_finish_round(struct network *network)
{
	struct list *node;
	resume(network);
	/* Closing one may answer the calls of others: until nothing is left. */
	while ((node = list_first(&network->dirty)) != NULL)
		connection_finish_round(container_of(node, struct connection, dirty));
	turn_begin(network, list_count(&network->resumed));
}
