/* The broker put together of its layers: network, router and engine, on one loop. */
#include "broker.h"

#include "base/mutant.h"
#include "data/data_door.h"
#include "durable.h"
#include "engine/engine.h"
#include "idle.h"
#include "log/log.h"
#include "net/listeners.h"
#include "net/network.h"
#include "resident.h"
#include "route/memory.h"
#include "route/router.h"
#include "route/sockets.h"
#include "wire/protocol.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

enum {
	/* What one session may have: enough for any program that means well. */
	SESSION_WAITERS = 4096,
	SESSION_LEASES = 1000 * 1000,
	SESSION_HANDLES = 64 * 1024,
	/* What the engine, those who have waited and those who come anew may each do in a
	 * round: a few milliseconds for all. */
	TURN_WORK = 2048,
};

#define OUTPUT_DEFAULT (64u * 1024 * 1024)

struct broker {
	struct loop *loop;
	struct accounts accounts;
	struct durable durable;
	struct engine *engine;
	struct router *router;
	struct network network;
	bool network_open;
	struct listeners *listeners;
	const struct data_folder *data;
	struct idle idle;
};

/* The seed of the hash tables, which nobody outside may guess, and the number
 * that tells this run of the broker from others. */
struct secrets {
	uint64_t seed;
	uint64_t broker;
};

/* More than all runs before have come to, if the clock was not set back meanwhile: none hands
 * out a token every microsecond. */
static uint64_t first_grants(void)
{
	struct timespec now;
	if (clock_gettime(CLOCK_REALTIME, &now) < 0 || now.tv_sec < 0 || MUTANT(tokens_begin_anew))
		return 0;
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int open_engine(struct broker *broker, const struct broker_config *config, uint64_t seed,
		       struct error *error)
{
	struct engine_config engine_config = {
		.seed = seed,
		.peer_waiters = SESSION_WAITERS,
		.peer_leases = SESSION_LEASES,
		.peer_handles = SESSION_HANDLES,
		.turn_work = TURN_WORK,
		.grants = first_grants(),
		.shared = &memory_source,
		.pipes = &socket_source,
	};
	accounts_init(&broker->accounts, seed, config->max_memory, config->max_queues);
	broker->accounts.scales = resident_open();
	int status = durable_open(&broker->durable, config, seed, error);
	if (status != RELEVO_OK)
		return status;
	durable_configure(&broker->durable, &engine_config);
	broker->engine = engine_new(
		&engine_config,
		broker->durable.journal != NULL ? journal_recorder(broker->durable.journal) : NULL);
	if (broker->engine == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for the engine");
	return durable_start(&broker->durable, broker->engine, &broker->accounts, broker->loop,
			     error);
}

static int open_network(struct broker *broker, const struct broker_config *config, uint64_t number,
			struct error *error)
{
	const struct frame_limits limits = {
		.max_frame = FRAME_MAX_FOR(config->max_item),
		.max_item = config->max_item,
	};
	const struct router_config router_config = {
		.limits = limits,
		.window = WINDOW_DEFAULT,
		.broker = number,
		.key = config->key,
	};
	broker->router = router_new(&router_config, broker->engine, broker->loop);
	if (broker->router == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for the router");
	broker->network = (struct network){
		.loop = broker->loop,
		.accounts = &broker->accounts,
		.config = {
			.limits = limits,
			/* One answer of the largest size always fits. */
			.max_output = (config->max_output > 0 ? config->max_output :
								OUTPUT_DEFAULT) +
				      limits.max_frame,
			.hello_timeout_ms = config->hello_timeout_ms,
			.silence_seconds = config->silence_seconds,
			.turn_work = TURN_WORK,
		},
		.handlers = router_handlers(broker->router),
		.owners = router_owners(broker->router),
	};
	int status = network_open(&broker->network, error);
	broker->network_open = status == RELEVO_OK;
	if (status == RELEVO_OK)
		status = listeners_open(&broker->network,
					config->insecure_tcp || config->key != NULL
						? TCP_ANYBODY
						: TCP_OWN_PROCESSES,
					&broker->listeners, error);
	return status;
}

int broker_open(const struct broker_config *config, struct broker **broker, struct error *error)
{
	struct secrets secrets;
	if (getrandom(&secrets, sizeof secrets, 0) != sizeof secrets)
		return error_set_errno(error, RELEVO_SYSTEM, errno, "no random numbers");
	struct broker *new = calloc(1, sizeof *new);
	if (new == NULL)
		return error_set(error, RELEVO_NO_MEMORY, "no memory for the broker");
	new->data = config->data;
	new->idle.grace = config->until_idle_ms *NSEC_PER_MSEC;
	int status = loop_open(&new->loop, error);
	if (status == RELEVO_OK)
		status = open_engine(new, config, secrets.seed, error);
	if (status == RELEVO_OK)
		status = open_network(new, config, secrets.broker, error);
	if (status != RELEVO_OK) {
		broker_close(new);
		return status;
	}
	*broker = new;
	return RELEVO_OK;
}

/* From the outside in: nobody new, nobody left, then what they used. */
void broker_close(struct broker *broker)
{
	if (broker == NULL)
		return;
	listeners_close(broker->listeners);
	durable_stop(&broker->durable);
	if (broker->network_open)
		network_close(&broker->network);
	router_free(broker->router);
	if (broker->engine != NULL)
		engine_free(broker->engine);
	durable_close(&broker->durable);
	accounts_fini(&broker->accounts);
	resident_close(broker->accounts.scales);
	loop_close(broker->loop);
	free(broker);
}

int broker_listen(struct broker *broker, const char *url, struct error *error)
{
	return listeners_add(broker->listeners, url, error);
}

int broker_listen_at(struct broker *broker, int fd, const char *url, struct error *error)
{
	return listeners_add_open(broker->listeners, fd, url, error);
}

const char *broker_url(const struct broker *broker, size_t index)
{
	return listeners_url(broker->listeners, index);
}

struct loop *broker_loop(struct broker *broker)
{
	return broker->loop;
}

static nsec_t broker_next_deadline(void *context)
{
	const struct broker *broker = context;
	nsec_t engine = engine_next_deadline(broker->engine);
	nsec_t network = network_deadline(&broker->network);
	nsec_t idle = idle_deadline(&broker->idle);
	nsec_t durable = durable_deadline(&broker->durable);
	nsec_t first = engine < network ? engine : network;
	first = first < idle ? first : idle;
	return first < durable ? first : durable;
}

/* Those who use its data folder count as clients, connected or not. */
static void end_when_idle(struct broker *broker)
{
	bool connected = !list_empty(&broker->network.connections);
	if (idle_over(&broker->idle, connected, loop_now(broker->loop)) &&
	    (broker->data == NULL || data_door_deserted(broker->data))) {
		log_info("idle", LOG_NUMBER("msec", broker->idle.grace / NSEC_PER_MSEC));
		loop_stop(broker->loop);
	}
}

/* What is due in the engine goes first, so that its answers leave in this
 * round. */
static void finish_round(void *context)
{
	struct broker *broker = context;
	nsec_t now = loop_now(broker->loop);
	if (engine_next_deadline(broker->engine) <= now)
		engine_tick(broker->engine, now);
	durable_finish_round(&broker->durable);
	network_finish_round(&broker->network);
	end_when_idle(broker);
}

int broker_run(struct broker *broker, struct error *error)
{
	if (broker->idle.grace > 0)
		broker->idle.ends = clock_now() + broker->idle.grace;
	const struct loop_hooks hooks = { broker, broker_next_deadline, finish_round };
	return loop_run(broker->loop, &hooks, error);
}
