/* All connections of the broker together: opening, closing, and the end of each round. */
#include "net/network.h"

#include "base/mutant.h"
#include "net/connection.h"
#include "net/turn.h"

int network_open(struct network *network, struct error *error)
{
	network->scratch = (struct buffer){ 0 };
	network->spare = (struct buffer){ 0 };
	list_init(&network->connections);
	list_init(&network->strangers);
	network->stranger_count = 0;
	list_init(&network->dirty);
	list_init(&network->resumed);
	list_init(&network->heavy);
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
	return list_empty(&network->resumed) && list_empty(&network->heavy) ? NSEC_NEVER : 0;
}

static size_t count_waiting(const struct network *network)
{
	return list_count(&network->resumed) + list_count(&network->heavy);
}

/* Those of the list, each once, as long as there is time in this round; but so many anyway. */
static void resume_list(struct network *network, struct list *waiting, size_t anyway)
{
	for (size_t count = list_count(waiting), done = 0; done < count; done++) {
		struct list *node = list_first(waiting);
		if (node == NULL || (done >= anyway && turn_is_over(network)))
			break;
		connection_resume(container_of(node, struct connection, resumed));
	}
}

/* Who asks for little goes first; of the others one has its turn in any case. */
static void resume(struct network *network)
{
	turn_begin(network, count_waiting(network));
	resume_list(network, &network->resumed, 0);
	turn_of_heavy(network);
	resume_list(network, &network->heavy, MUTANT(heavy_starve) ? 0 : 1);
}

void network_finish_round(struct network *network)
{
	struct list *node;
	resume(network);
	/* Closing one may answer the calls of others: until nothing is left. */
	while ((node = list_first(&network->dirty)) != NULL)
		connection_finish_round(container_of(node, struct connection, dirty));
	turn_begin(network, count_waiting(network));
}
