/* Measuring the work of a round, and when it, or a connection's share of it, is used up. */
#include "net/turn.h"

#include "base/mutant.h"
#include "net/network_state.h"

enum {
	/* With very many there is no share so small that it is not worth the while. */
	LEAST_SHARE = 64,
	/* To receive a page takes about as long as to deal with a small frame. */
	BYTES_PER_UNIT = 4096,
};

static uint64_t turn_work_done(const struct network *network)
{
	const struct network_handlers *handlers = &network->handlers;
	return handlers->work(handlers->context) + network->turn.frames;
}

void turn_begin(struct network *network, uint64_t count)
{
	struct turn *turn = &network->turn;
	uint64_t work = network->config.turn_work;
	turn->heavy = false;
	if (work == 0 || MUTANT(reads_without_turns)) {
		turn->end = turn->share = UINT64_MAX;
		return;
	}
	uint64_t share = count > 0 ? work / count : work;
	turn->share = share > LEAST_SHARE ? share : LEAST_SHARE;
	turn->end = turn_work_done(network) + work;
	network->handlers.share(network->handlers.context, turn->share);
}

void turn_of_heavy(struct network *network)
{
	network->turn.heavy = true;
	network->handlers.share(network->handlers.context, UINT64_MAX);
}

bool turn_outweighed(const struct network *network, uint64_t weight)
{
	const struct turn *turn = &network->turn;
	return weight > turn->share && !turn->heavy && !MUTANT(heavy_before_light);
}

void turn_received(struct network *network, size_t bytes)
{
	if (!MUTANT(received_costs_nothing))
		network->turn.frames += bytes / BYTES_PER_UNIT;
}

bool turn_warm(struct network *network, struct output *output, size_t size)
{
	size_t before = output->warm;
	bool warm = output_warm(output, size);
	network->turn.frames += (output->warm - before) / BYTES_PER_UNIT;
	return warm;
}

bool turn_is_over(const struct network *network)
{
	return turn_share_is_over(network, network->turn.end);
}

uint64_t turn_share_end(const struct network *network)
{
	uint64_t share = network->turn.share;
	return share == UINT64_MAX ? share : turn_work_done(network) + share;
}

bool turn_share_is_over(const struct network *network, uint64_t end)
{
	return end != UINT64_MAX && turn_work_done(network) >= end;
}
